/// Tensors by name with notes, in the safetensors format (github.com/huggingface/safetensors, format of version 0.4).
///
///   8 bytes    n, size of the header, little-endian
///   n bytes    {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …, "__metadata__": {"a": "b"}}
///   the rest   the elements, little-endian and row-major
///
/// Strict, because a model file is a stranger's: names and keys stand once, each range of bytes is exactly shape times
/// type, the ranges cover the rest of the file without hole or overlap, n is at most 100 million. Types BOOL, U8 to
/// U64, I8 to I64, F32, F64.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "nn/data/array.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

using Metadata = std::map<std::string, std::string>;

struct Safetensors {
  Arrays tensors;
  Metadata metadata;
};

/// Throws FileError `parse_safetensors: byte 8: the header takes 4294967296 bytes, the file has 1203 more` for anything
/// else than the above. Memory is at most a small multiple of `bytes`.
Safetensors parse_safetensors(std::string_view bytes, Source where = Source::here());
/// `parse_safetensors` of a file. The errors name the path, too.
Safetensors read_safetensors(const std::filesystem::path& path, Source where = Source::here());
/// The same for another function, whose name the errors have.
Safetensors read_safetensors(const Origin& origin);

/// The file's bytes: wide types first and the header padded, so that every element is aligned. The same content gives
/// the same bytes. Throws ValueError for a tensor named "__metadata__" and for names or texts that are not UTF-8.
std::string safetensors_bytes(const Safetensors& content, Source where = Source::here());
/// Writes them, by `write_file`: the file is always a whole one.
void write_safetensors(const std::filesystem::path& path, const Safetensors& content, Source where = Source::here());
void write_safetensors(const Origin& origin, const Safetensors& content);

}  // namespace wengert::nn
