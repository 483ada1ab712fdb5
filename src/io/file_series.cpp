#include "file_series.hpp"

#include <glob.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>

#include "header_text.hpp"
#include "natural_order.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

namespace fs = std::filesystem;

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// A name cut into runs of digits and of other characters.
std::vector<std::string> runs_of(const std::string& name) {
    std::vector<std::string> runs;
    for (const char c : name) {
        if (runs.empty() || is_digit(runs.back().back()) != is_digit(c)) {
            runs.emplace_back();
        }
        runs.back() += c;
    }
    return runs;
}

/// Without leading zeros.
std::string significant(const std::string& digits) {
    const std::size_t first = digits.find_first_not_of('0');
    return first == std::string::npos ? "0" : digits.substr(first);
}

struct NamedFile {
    std::string path;
    std::vector<std::string> runs;
};

/// The run in which all names differ, when it is the only one and a number in all of them.
std::optional<std::size_t> counting_run(const std::vector<NamedFile>& files) {
    std::optional<std::size_t> found;
    const std::vector<std::string>& first = files.front().runs;
    for (const NamedFile& file : files) {
        if (file.runs.size() != first.size()) {
            return std::nullopt;
        }
        for (std::size_t i = 0; i < first.size(); ++i) {
            if (file.runs[i] == first[i]) {
                continue;
            }
            if (!is_digit(first[i].front()) || !is_digit(file.runs[i].front()) ||
                found.value_or(i) != i) {
                return std::nullopt;
            }
            found = i;
        }
    }
    return found;
}

void check_numbers(const std::string& path, const std::vector<NamedFile>& files) {
    const std::optional<std::size_t> run = counting_run(files);
    for (std::size_t i = 1; run && i < files.size(); ++i) {
        Index before = 0;
        Index number = 0;
        if (!parse_number(significant(files[i - 1].runs[*run]), before) ||
            !parse_number(significant(files[i].runs[*run]), number)) {
            return;
        }
        const std::string last = fs::path(files[i - 1].path).filename().string();
        const std::string next = fs::path(files[i].path).filename().string();
        if (number == before) {
            throw IoError(path + ": " + last + " and " + next + " have the same number");
        }
        if (number != before + 1) {
            throw IoError(path + ": number " + std::to_string(before + 1) + " is missing between " +
                          last + " and " + next +
                          ": bring the file, or name the others in a folder of their own");
        }
    }
}

std::vector<std::string> folder_files(const std::string& folder,
                                      const std::vector<std::string>& suffixes) {
    std::vector<std::string> found;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        const bool wanted = std::any_of(
            suffixes.begin(), suffixes.end(),
            [&](const std::string& suffix) { return lower_case(name).ends_with(suffix); });
        if (wanted && !name.starts_with('.')) {
            found.push_back(entry.path().string());
        }
    }
    if (error) {
        throw IoError("cannot read " + folder + ": " + error.message());
    }
    return found;
}

std::vector<std::string> matching_files(const std::string& pattern) {
    glob_t matches = {};
    std::vector<std::string> found;
    if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches) == 0) {
        found.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
    }
    globfree(&matches);
    return found;
}

}  // namespace

bool is_file_series(const std::string& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored) ||
           (path.find_first_of("*?[") != std::string::npos && !fs::exists(path, ignored));
}

std::vector<std::string> list_file_series(const std::string& path,
                                          const std::vector<std::string>& suffixes) {
    std::error_code ignored;
    const bool folder = fs::is_directory(path, ignored);
    std::vector<NamedFile> files;
    for (std::string& file : folder ? folder_files(path, suffixes) : matching_files(path)) {
        std::vector<std::string> runs = runs_of(fs::path(file).filename().string());
        files.push_back({std::move(file), std::move(runs)});
    }
    if (files.empty()) {
        std::string names;
        for (const std::string& suffix : suffixes) {
            names += (names.empty() ? "*" : ", *") + suffix;
        }
        throw IoError("cannot read " + path + ": " +
                      (folder ? "it is a folder without any " + names + ", name a data file"
                              : "no file has such a name"));
    }
    std::sort(files.begin(), files.end(),
              [](const NamedFile& a, const NamedFile& b) { return natural_less(a.path, b.path); });
    check_numbers(path, files);
    std::vector<std::string> paths;
    for (NamedFile& file : files) {
        paths.push_back(std::move(file.path));
    }
    return paths;
}

}  // namespace tessera
