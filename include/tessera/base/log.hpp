#pragma once

#include <string>
#include <string_view>

namespace tessera::log {

/// Lines go to the terminal (standard error) and, once a run folder is there, to its log.txt. Only
/// the rank that speaks for the job (`set_speaker`) writes; the others are silent, so code may log
/// what all ranks know without asking which rank it is on.
void set_speaker(bool this_rank_speaks);

/// From now on every line also goes to that file (appended). Throws IoError when it can't be
/// opened.
void attach_file(const std::string& path);
/// Closes the file of `attach_file`.
void detach_file();

/// Hides `info` lines on the terminal (they still go to the file).
void set_quiet(bool quiet);

void info(std::string_view text);
void warning(std::string_view text);
void error(std::string_view text);

}  // namespace tessera::log
