#include "rank_reports.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <map>
#include <sstream>
#include <thread>
#include <tuple>
#include <utility>

namespace tessera::test_support {
namespace {

using ::testing::TestPartResult;

/// File, line, skipped or failed, text.
using Part = std::tuple<std::string, int, bool, std::string>;

std::vector<Part> parts_of(const ::testing::TestResult& result) {
    std::vector<Part> parts;
    for (int i = 0; i < result.total_part_count(); ++i) {
        const TestPartResult& part = result.GetTestPartResult(i);
        if (part.failed() || part.skipped()) {
            parts.emplace_back(part.file_name() != nullptr ? part.file_name() : "unknown file",
                               part.line_number(), part.skipped(), part.message());
        }
    }
    return parts;
}

void write_text(std::ostream& out, const std::string& text) { out << text.size() << ' ' << text; }

std::string read_text(std::istream& in) {
    std::size_t length = 0;
    in >> length;
    in.get();
    std::string text(length, '\0');
    in.read(text.data(), static_cast<std::streamsize>(length));
    return text;
}

std::string pack(const std::vector<Part>& parts) {
    std::ostringstream out;
    out << parts.size() << ' ';
    for (const auto& [file, line, skipped, text] : parts) {
        write_text(out, file);
        out << ' ' << line << ' ' << (skipped ? 1 : 0) << ' ';
        write_text(out, text);
        out << ' ';
    }
    return out.str();
}

std::vector<Part> unpack(const std::string& packed) {
    std::istringstream in(packed);
    std::size_t count = 0;
    in >> count;
    std::vector<Part> parts;
    for (std::size_t i = 0; i < count; ++i) {
        std::string file = read_text(in);
        int line = 0;
        int skipped = 0;
        in >> line >> skipped;
        std::string text = read_text(in);
        parts.emplace_back(std::move(file), line, skipped != 0, std::move(text));
    }
    return parts;
}

std::vector<std::string> gather_on_first(MPI_Comm comm, int rank, int size,
                                         const std::string& own) {
    const int length = static_cast<int>(own.size());
    std::vector<int> lengths(static_cast<std::size_t>(size));
    MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, comm);
    std::vector<int> starts(lengths.size());
    int total = 0;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        starts[i] = total;
        total += lengths[i];
    }
    std::string all(static_cast<std::size_t>(rank == 0 ? total : 0), '\0');
    MPI_Gatherv(own.data(), length, MPI_CHAR, all.data(), lengths.data(), starts.data(), MPI_CHAR,
                0, comm);
    std::vector<std::string> texts;
    if (rank == 0) {
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            texts.push_back(all.substr(static_cast<std::size_t>(starts[i]),
                                       static_cast<std::size_t>(lengths[i])));
        }
    }
    return texts;
}

}  // namespace

std::string rank_names(const std::vector<int>& ranks) {
    std::string names = ranks.size() == 1 ? "rank " : "ranks ";
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        names += (i > 0 ? ", " : "") + std::to_string(ranks[i]);
    }
    return names;
}

RankReports::RankReports(MPI_Comm world) {
    MPI_Comm_dup(world, &comm_);
    MPI_Comm_rank(comm_, &rank_);
    MPI_Comm_size(comm_, &size_);
}

RankReports::~RankReports() { MPI_Comm_free(&comm_); }

void RankReports::OnTestEnd(const ::testing::TestInfo& info) {
    exchange(*info.result(), std::string(info.test_suite_name()) + "." + info.name());
}

void RankReports::OnTestSuiteEnd(const ::testing::TestSuite& suite) {
    exchange(suite.ad_hoc_test_result(), suite.name());
}

void RankReports::wait_for_others(const ::testing::TestResult& result,
                                  const std::string& name) const {
    // A rank that left its test early may wait here for ranks that wait for it elsewhere, until the
    // time limit ends them all. Its own failure is then the only clue, so it says it itself.
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds patience{10};
    constexpr std::chrono::milliseconds longest_nap{20};
    const auto start = Clock::now();
    bool told = !result.Failed();
    std::chrono::microseconds nap{10};
    MPI_Request barrier = MPI_REQUEST_NULL;
    MPI_Ibarrier(comm_, &barrier);
    for (int arrived = 0; arrived == 0;) {
        MPI_Test(&barrier, &arrived, MPI_STATUS_IGNORE);
        if (arrived == 0) {
            std::this_thread::sleep_for(nap);
            nap = std::min<std::chrono::microseconds>(nap * 2, longest_nap);
        }
        if (!told && Clock::now() - start > patience) {
            told = true;
            std::ostringstream text;
            text << "[rank " << rank_ << "] " << name
                 << " failed here and other ranks are still in it:\n";
            for (const auto& [file, line, skipped, message] : parts_of(result)) {
                text << file << ":" << line << ": " << message << "\n";
            }
            std::cerr << text.str() << std::flush;
        }
    }
}

void RankReports::exchange(const ::testing::TestResult& result, const std::string& name) {
    if (size_ == 1) {
        return;
    }
    wait_for_others(result, name);
    const std::vector<Part> own = parts_of(result);
    const std::vector<std::string> packed = gather_on_first(comm_, rank_, size_, pack(own));
    if (rank_ != 0) {
        return;
    }
    // The same words from several ranks (the all-ranks assertions) are said once.
    std::map<Part, std::vector<int>> said;
    for (int rank = 1; rank < size_; ++rank) {
        for (const Part& part : unpack(packed[static_cast<std::size_t>(rank)])) {
            if (std::find(own.begin(), own.end(), part) == own.end()) {
                said[part].push_back(rank);
            }
        }
    }
    const bool failed = result.Failed();
    for (const auto& [part, ranks] : said) {
        const auto& [file, line, skipped, text] = part;
        const std::string tagged = "[" + rank_names(ranks) + "] " + text;
        if (!skipped) {
            ADD_FAILURE_AT(file.c_str(), line) << tagged;
        } else if (!failed) {
            GTEST_MESSAGE_AT_(file.c_str(), line, tagged.c_str(), TestPartResult::kSkip);
        }
    }
}

int RankReports::agree(int exit_code) const {
    int worst = 0;
    MPI_Allreduce(&exit_code, &worst, 1, MPI_INT, MPI_MAX, comm_);
    if (rank_ == 0 && worst != exit_code) {
        std::cout << "[  FAILED  ] outside of a test on another rank\n";
    }
    return worst;
}

}  // namespace tessera::test_support
