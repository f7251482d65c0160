/// The bytes of a file, unpacked if they are gzip.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "autodiff/tensor/source.hpp"

namespace wengert::nn {

/// No data set that belongs into memory is larger; a gzip bomb is.
inline constexpr std::size_t kFileLimit = std::size_t{1} << 30;

/// All bytes of `path`. A file that starts with 1F 8B is gzip and is unpacked, also if it has several members.
///
/// Memory grows with what has been read, never with what a header claims. Throws FileError naming path and reason: not
/// there, not readable, more than `limit` bytes (unpacked), truncated or damaged gzip.
std::string read_file(const std::filesystem::path& path, std::size_t limit = kFileLimit, Source where = Source::here());

}  // namespace wengert::nn
