/// Weights and biases of a network, to and from files of others: safetensors, as PyTorch's users write them.
///
///     load_weights(mlp, "torch.safetensors", {.layout = Layout::out_in, .layers = {"0", "2"}});
///
/// reads nn.Sequential(Linear, Tanh, Linear): its layers 0 and 2 are ours 0 and 1.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/data/array.hpp"
#include "nn/model/mlp.hpp"

namespace wengert::nn {

/// How a file keeps W of z = x W + b.
enum class Layout {
  in_out,  ///< [in, out], as we do
  out_in,  ///< [out, in], as torch.nn.Linear does
};

struct WeightOptions {
  Layout layout = Layout::in_out;
  /// Names of the layers in the file, which holds "NAME.weight" and "NAME.bias" of each; if empty, they are "layers.0",
  /// "layers.1", … as in our own files.
  std::vector<std::string> layers{};
  Convert convert = Convert::never;  ///< f32 weights come into a double network only when asked: Convert::exactly
  bool others = false;               ///< the file may hold more tensors than these, such as moments of an optimiser
};

/// Sets the weights and biases or, if it throws, nothing. Throws FileError for a tensor that is missing, of another
/// shape, of a type that `convert` forbids, or that is one too many; UsageError unless there is one name per layer.
template <class T>
void load_weights(const Mlp<T>& mlp, const std::filesystem::path& path, const WeightOptions& options = {},
                  Source where = Source::here());

/// Writes them in the same way, with metadata {"format": "pt"}, which Python's loaders ask for. The names must differ:
/// UsageError.
template <class T>
void save_weights(const Mlp<T>& mlp, const std::filesystem::path& path, const WeightOptions& options = {},
                  Source where = Source::here());

}  // namespace wengert::nn
