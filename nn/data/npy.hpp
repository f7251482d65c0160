/// NumPy's .npy files ("NPY format", numpy.lib.format, versions 1.0 to 3.0).
///
/// Types bool, i1 to i8, u1 to u8, f4 and f8 in either byte order, row- or column-major. Objects (pickled Python) are
/// refused: reading them runs code.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "nn/data/array.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

/// The array of a whole .npy file. Throws FileError `parse_npy: byte 10: descr '<ixy' is no type` for anything else.
/// Memory is at most a small multiple of `bytes`.
Array parse_npy(std::string_view bytes, Source where = Source::here());
/// The same, with errors of another name.
Array parse_npy(std::string_view bytes, const Origin& origin);
/// `parse_npy` of a file. The errors name the path, too.
///     Tensor<double> x = read_npy("x.npy").to<double>();
Array read_npy(const std::filesystem::path& path, Source where = Source::here());

/// The array as a .npy file of version 1.0, as NumPy writes it: elements at a multiple of 64 bytes.
std::string npy_bytes(const Array& array);
/// Writes them, by `write_file`.
///     write_npy("x.npy", x);
void write_npy(const std::filesystem::path& path, const Array& array, Source where = Source::here());

}  // namespace wengert::nn
