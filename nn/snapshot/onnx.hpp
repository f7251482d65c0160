/// A network as an ONNX model, for the many programs that run one (onnx.ai, IR version 8, operators of version 13).
///
/// The graph takes "x" [batch, inputs] and gives "y" [batch, outputs], for any batch: Gemm, then the activation, layer
/// after layer. Weights stay as they are, [in, out], of the network's type. The file is written by hand in protobuf's
/// wire format: the part of the format this needs is ten fields.
#pragma once

#include <filesystem>
#include <string>

#include "nn/model/mlp.hpp"

namespace wengert::nn {

/// The model's bytes; the same network gives the same bytes.
template <class T>
std::string onnx_bytes(const Mlp<T>& mlp, Source where = Source::here());

/// Writes them, by `write_file`. Throws FileError if that fails.
template <class T>
void write_onnx(const std::filesystem::path& path, const Mlp<T>& mlp, Source where = Source::here());

}  // namespace wengert::nn
