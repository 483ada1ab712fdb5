#include "tessera/io/checkpoint_files.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;

struct Candidate {
    int which = 0;
    std::unique_ptr<CheckpointReader> reader;
};

/// Runs `work` and returns what was wrong with the file; empty when nothing was. Other errors than
/// those of the file pass.
template <typename Work>
std::string problem_of(const Work& work) {
    try {
        work();
        return "";
    } catch (const Error& error) {
        if (error.code() != ExitCode::io) {
            throw;
        }
        return error.what();
    }
}

}  // namespace

CheckpointFiles::CheckpointFiles(const Communicator& communicator, std::string folder)
    : communicator_(communicator), folder_(std::move(folder)) {
    agree(communicator_, [&] {
        std::error_code reason;
        if (communicator_.rank() == 0) {
            fs::create_directories(folder_, reason);
        }
        if (reason) {
            throw IoError(folder_ + ": cannot make this folder: " + reason.message() +
                          "; choose another place for the output");
        }
    });
}

std::string CheckpointFiles::path(int which) const {
    return (fs::path(folder_) / (which == 0 ? "a.h5" : "b.h5")).string();
}

void CheckpointFiles::save(const CheckpointHeader& header,
                           const std::function<void(Archive&)>& serialise) {
    CheckpointWriter writer(communicator_, path(next_), header);
    serialise(writer);
    writer.close();
    next_ = 1 - next_;
}

FoundCheckpoint CheckpointFiles::find_newest_valid() {
    std::vector<Candidate> candidates;
    std::vector<std::string> problems;
    for (int which = 0; which < 2; ++which) {
        if (!communicator_.any(communicator_.rank() == 0 && fs::exists(path(which)))) {
            continue;
        }
        Candidate candidate{which, nullptr};
        const std::string problem = problem_of([&] {
            candidate.reader = std::make_unique<CheckpointReader>(communicator_, path(which));
        });
        if (problem.empty()) {
            candidates.push_back(std::move(candidate));
        } else {
            problems.push_back(problem);
        }
    }
    if (candidates.size() == 2 &&
        candidates[1].reader->header().step > candidates[0].reader->header().step) {
        std::swap(candidates[0], candidates[1]);
    }
    for (const Candidate& candidate : candidates) {
        const std::string problem = problem_of([&] { candidate.reader->verify(); });
        if (!problem.empty()) {
            problems.push_back(problem);
            continue;
        }
        next_ = 1 - candidate.which;
        FoundCheckpoint found{path(candidate.which), candidate.reader->header(), {}};
        for (const std::string& passed : problems) {
            found.remarks.push_back(passed + "; going on from " + found.path + ", step " +
                                    std::to_string(found.header.step));
        }
        return found;
    }
    std::string sentence = folder_ + ": there is no valid checkpoint to go on from";
    for (const std::string& problem : problems) {
        sentence += "; " + problem;
    }
    throw IoError(sentence);
}

void CheckpointFiles::remove_all() {
    agree(communicator_, [&] {
        for (int which = 0; communicator_.rank() == 0 && which < 2; ++which) {
            std::error_code reason;
            fs::remove(path(which), reason);
            if (reason) {
                throw IoError(path(which) +
                              ": cannot remove this old checkpoint: " + reason.message());
            }
        }
    });
    next_ = 0;
}

}  // namespace tessera
