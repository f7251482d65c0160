/// IDX files, the format of MNIST (LeCun, Cortes, Burges, "The MNIST database of handwritten digits").
///
/// Two zero bytes, the type (08 u8, 09 i8, 0B i16, 0C i32, 0D f32, 0E f64), the rank, one big-endian u32 per dimension,
/// then the elements, big-endian and row-major, to the last byte of the file.
#pragma once

#include <filesystem>
#include <string_view>

#include "nn/data/array.hpp"

namespace wengert::nn {

/// Throws FileError `parse_idx: byte 16: [2, 2, 2] of u8 takes 8 times 1 bytes, the file has 7 more` for anything else
/// than the above, gzip data included.
Array parse_idx(std::string_view bytes, Source where = Source::here());

/// `parse_idx` of a file, plain or gzip. The errors name the path, too.
///     Tensor<float> images = read_idx("train-images-idx3-ubyte.gz").to<float>();
Array read_idx(const std::filesystem::path& path, Source where = Source::here());

}  // namespace wengert::nn
