#include "tessera/base/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "tessera/base/error.hpp"

namespace tessera::log {
namespace {

struct Sinks {
    std::shared_ptr<spdlog::logger> terminal;
    std::shared_ptr<spdlog::logger> file;
    bool speaks = true;
};

Sinks& sinks() {
    static Sinks instance = [] {
        Sinks made;
        made.terminal = std::make_shared<spdlog::logger>(
            "terminal", std::make_shared<spdlog::sinks::stderr_sink_st>());
        // The terminal shows bare sentences; the file adds the time, for reading a batch job later.
        made.terminal->set_pattern("%v");
        made.terminal->flush_on(spdlog::level::info);
        return made;
    }();
    return instance;
}

void write(spdlog::level::level_enum level, const char* prefix, std::string_view text) {
    Sinks& all = sinks();
    if (!all.speaks) {
        return;
    }
    all.terminal->log(level, "{}{}", prefix, text);
    if (all.file) {
        all.file->log(level, "{}", text);
    }
}

}  // namespace

void set_speaker(bool this_rank_speaks) { sinks().speaks = this_rank_speaks; }

void attach_file(const std::string& path) {
    if (!sinks().speaks) {
        return;
    }
    try {
        sinks().file = std::make_shared<spdlog::logger>(
            "file", std::make_shared<spdlog::sinks::basic_file_sink_st>(path));
    } catch (const spdlog::spdlog_ex& problem) {
        throw IoError(path + ": cannot write the log there: " + problem.what());
    }
    sinks().file->set_pattern("%Y-%m-%dT%H:%M:%S %l %v");
    sinks().file->flush_on(spdlog::level::info);
}

void detach_file() { sinks().file.reset(); }

void set_quiet(bool quiet) {
    sinks().terminal->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
}

void info(std::string_view text) { write(spdlog::level::info, "", text); }
void warning(std::string_view text) { write(spdlog::level::warn, "warning: ", text); }
void error(std::string_view text) { write(spdlog::level::err, "error: ", text); }

}  // namespace tessera::log
