#pragma once

#include <string>
#include <string_view>

namespace tessera {

/// What is being written before it has its final name.
[[nodiscard]] std::string partial_name(const std::string& path);

/// Gives a finished `partial_name(path)` its final name: its bytes are on the disk before the name
/// is, so a crash leaves either the old file or the new one (DESIGN.md, rule 7). For one rank.
/// Throws IoError.
void publish_partial(const std::string& path);

/// Creates an empty `partial_name(path)`: whether the place can be written to is known before any
/// work is done, and told in plain words. For one rank. Throws IoError.
void start_partial(const std::string& path);

/// Writes a small file whole or not at all, replacing what was there. For one rank. Throws IoError.
void write_text_atomically(const std::string& path, std::string_view text);

/// Adds to the end of a file, which is made when missing. For one rank. Throws IoError.
void append_text(const std::string& path, std::string_view text);

/// The whole of a small text file. Throws IoError.
[[nodiscard]] std::string read_text(const std::string& path);

/// Throws IoError when the file system of `path` has less than `bytes` free for `what`, which the
/// sentence names. For one rank.
void require_free_space(const std::string& path, double bytes, const std::string& what);

}  // namespace tessera
