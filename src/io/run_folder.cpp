#include "tessera/io/run_folder.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;

std::string utc_stamp() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
    return text.data();
}

std::string slurm_suffix() {
    const char* job = std::getenv("SLURM_JOB_ID");
    if (job == nullptr || *job == '\0') {
        return "";
    }
    const char* task = std::getenv("SLURM_ARRAY_TASK_ID");
    const std::string array = task == nullptr || *task == '\0' ? "" : std::string("_") + task;
    return std::string("-") + job + array;
}

/// Makes the folder and those above it; false when it was there.
bool make_folder(const fs::path& folder) {
    std::error_code reason;
    const fs::path parent = folder.parent_path();
    if (!parent.empty()) {
        fs::create_directories(parent, reason);
    }
    const bool made = !reason && fs::create_directory(folder, reason);
    if (reason || (!made && !fs::is_directory(folder))) {
        throw IoError(folder.string() + ": cannot make this folder: " +
                      (reason ? reason.message() : "a file has that name") +
                      "; choose another place for the output");
    }
    return made;
}

std::string marker(const std::string& folder) {
    return (fs::path(folder) / ".incomplete").string();
}

std::string make_new_folder(const std::string& base, const std::string& name) {
    const std::string stem =
        (fs::path(base) / (name + "-" + utc_stamp() + slurm_suffix())).string();
    std::string folder = stem;
    // Making is the test: two runs that start in the same second cannot both succeed.
    for (int counter = 2; !make_folder(folder); ++counter) {
        folder = stem + "-" + std::to_string(counter);
    }
    return folder;
}

}  // namespace

std::string make_run_folder(const Communicator& communicator, const std::string& base,
                            const std::string& name) {
    std::string folder;
    agree(communicator, [&] {
        if (communicator.rank() == 0) {
            folder = make_new_folder(base, name);
            mark_incomplete(folder);
        }
    });
    communicator.broadcast(folder);
    return folder;
}

void claim_run_folder(const Communicator& communicator, const std::string& folder, bool overwrite) {
    agree(communicator, [&] {
        if (communicator.rank() != 0) {
            return;
        }
        if (!make_folder(folder) && !overwrite && !fs::is_empty(folder)) {
            throw UsageError(folder +
                             ": this folder already holds something: name another one, or allow "
                             "overwriting");
        }
        mark_incomplete(folder);
    });
}

void mark_incomplete(const std::string& folder) { append_text(marker(folder), ""); }

void mark_complete(const std::string& folder) {
    std::error_code reason;
    fs::remove(marker(folder), reason);
    if (reason) {
        throw IoError(marker(folder) + ": cannot remove this marker: " + reason.message());
    }
}

bool is_incomplete(const std::string& folder) { return fs::exists(marker(folder)); }

}  // namespace tessera
