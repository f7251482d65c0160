#include "nn/snapshot/onnx.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "nn/data/file.hpp"
#include "nn/snapshot/weights.hpp"

namespace wengert::nn {
namespace {

const std::filesystem::path kFolder = WENGERT_TEST_DATA_DIR;

/// The network of PyTorch in tests/data, with these activations.
template <class T>
std::string exported(const std::vector<Activation>& activations) {
  Tape<T> tape;
  const Mlp<T> mlp(tape, {4, 5, 3}, {.activations = activations, .alpha = 0.25});
  load_weights(mlp, kFolder / "torch" / "mlp_4_5_3.safetensors", {Layout::out_in, {"0", "2"}, Convert::exactly});
  return onnx_bytes(mlp);
}

}  // namespace

// nn/snapshot/onnx_check (Python) asks the ONNX package and NumPy about the same files.
TEST_CASE("a network is exported to the bytes that ONNX's own checker has seen") {
  const std::string names[] = {"tanh_softmax_f32", "elu_sigmoid_f64", "leaky_relu_identity_f32", "relu_tanh_f64"};
  const std::string bytes[] = {exported<float>({Activation::tanh, Activation::softmax}),
                               exported<double>({Activation::elu, Activation::sigmoid}),
                               exported<float>({Activation::leaky_relu, Activation::identity}),
                               exported<double>({Activation::relu, Activation::tanh})};
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(names[i]);
    const auto path = kFolder / "onnx" / (names[i] + ".onnx");
    // To make them anew, after which nn/snapshot/onnx_check has to pass.
    if (std::getenv("WENGERT_UPDATE") != nullptr) write_file(path, bytes[i]);
    CHECK(read_file(path) == bytes[i]);
  }
}

}  // namespace wengert::nn
