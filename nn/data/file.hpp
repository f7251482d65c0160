/// The bytes of files: read whole, unpacked if they are gzip; replaced whole, so that nobody ever sees half a file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/source.hpp"

namespace wengert::nn {

/// No data set that belongs into memory is larger; a gzip bomb is.
inline constexpr std::size_t kFileLimit = std::size_t{1} << 30;

/// What is read or written, and by whom, for errors: `operation: "file" place: fact`.
struct Origin {
  std::string operation;
  std::string file;  ///< empty for bytes in memory
  Source where;

  FileError error(const std::string& place, const std::string& fact) const;
};

/// All bytes of `path`. A file that starts with 1F 8B is gzip and is unpacked, also if it has several members.
///
/// Memory grows with what has been read, never with what a header claims. Throws FileError naming path and reason: not
/// there, not readable, more than `limit` bytes (unpacked), truncated or damaged gzip.
std::string read_file(const std::filesystem::path& path, std::size_t limit = kFileLimit, Source where = Source::here());
/// The same for another function, whose name the errors have.
std::string read_file(const Origin& origin, std::size_t limit = kFileLimit);

/// Makes `bytes` the content of `path`. Whatever happens, a crash or SIGKILL included, `path` holds all of the old or
/// all of the new: they are written to a new file beside it ("model.safetensors.4711-0.tmp"), flushed to the disk, and
/// take its name in one step. Throws FileError naming path and reason; the new file is then gone. A killed process
/// leaves it behind, until somebody writes `path` again: new files beside it that no process is writing are removed.
void write_file(const std::filesystem::path& path, std::string_view bytes, Source where = Source::here());
void write_file(const Origin& origin, std::string_view bytes);
/// Throws the reason as an error of `origin` if its file cannot be written as `write_file` does: there is no such
/// folder, it takes no new files, or the file is a folder itself. Whether the disk has room is not looked at.
void expect_writable(const Origin& origin);

}  // namespace wengert::nn
