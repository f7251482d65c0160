/// NumPy's .npz files: a ZIP archive with one .npy file per array.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "nn/data/array.hpp"

namespace wengert::nn {

/// All arrays, by their names without ".npy". Throws FileError `parse_npz: member "x.npy": byte 10: …` if the archive
/// or one of its arrays is damaged, of a kind `parse_npy` does not read, or no .npy file.
Arrays parse_npz(std::string_view bytes, Source where = Source::here());
/// `parse_npz` of a file. The errors name the path, too.
///     Tensor<double> x = read_npz("data.npz").at("x").to<double>();
Arrays read_npz(const std::filesystem::path& path, Source where = Source::here());

/// The arrays as an .npz file, deflated as by NumPy's savez_compressed.
std::string npz_bytes(const Arrays& arrays, Source where = Source::here());
/// Writes them, by `write_file`.
///     write_npz("data.npz", {{"x", x}, {"labels", labels}});
void write_npz(const std::filesystem::path& path, const Arrays& arrays, Source where = Source::here());

}  // namespace wengert::nn
