#include "nn/snapshot/weights.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "nn/data/safetensors.hpp"
#include "tests/nn/scratch.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;

const std::filesystem::path kFolder = std::filesystem::path(WENGERT_TEST_DATA_DIR) / "torch";
const MlpOptions kTanhSoftmax{.hidden = Activation::tanh, .output = Activation::softmax};
const std::vector<std::int64_t> kSizes{4, 5, 3};

WeightOptions torch(Convert convert) { return {Layout::out_in, {"0", "2"}, convert}; }

template <class T>
double largest_difference(const Tensor<T>& a, const Tensor<T>& b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(a.data()[i] - b.data()[i])));
  }
  return largest;
}

}  // namespace

TEST_CASE("a network of PyTorch predicts the same here, in single and in double precision") {
  const Arrays expected = read_safetensors(kFolder / "mlp_4_5_3_predictions.safetensors").tensors;
  Tape<float> tape32;
  const Mlp<float> mlp32(tape32, kSizes, kTanhSoftmax);
  load_weights(mlp32, kFolder / "mlp_4_5_3.safetensors", torch(Convert::never));
  CHECK(largest_difference(mlp32.predict(expected.at("x").to<float>()), expected.at("y32").to<float>()) < 1e-6);

  Tape<double> tape64;
  const Mlp<double> mlp64(tape64, kSizes, kTanhSoftmax);
  load_weights(mlp64, kFolder / "mlp_4_5_3.safetensors", torch(Convert::exactly));
  CHECK(largest_difference(mlp64.predict(expected.at("x").to<double>()), expected.at("y64").to<double>()) < 1e-15);
}

TEST_CASE("f32 weights come into a double network only when asked") {
  Tape<double> tape;
  const Mlp<double> mlp(tape, kSizes, kTanhSoftmax);
  const Tensor<double> before = value(mlp.layer(0).W);
  CHECK_THROWS_WITH_AS(load_weights(mlp, kFolder / "mlp_4_5_3.safetensors", torch(Convert::never)),
                       Contains("tensor \"0.weight\": the type is f32, f64 is wanted"), FileError);
  CHECK(value(mlp.layer(0).W) == before);
}

TEST_CASE("weights that lie the other way round, other names and other layers are refused") {
  Tape<float> tape;
  const Mlp<float> mlp(tape, kSizes), other(tape, {4, 6, 3}), deeper(tape, {4, 5, 3, 3});
  const auto file = kFolder / "mlp_4_5_3.safetensors";
  CHECK_THROWS_WITH_AS(load_weights(mlp, file, {.layout = Layout::in_out, .layers = {"0", "2"}}),
                       Contains("load_weights: \""), FileError);
  CHECK_THROWS_WITH_AS(load_weights(mlp, file, {.layout = Layout::in_out, .layers = {"0", "2"}}),
                       Contains("tensor \"0.weight\": the shape is [5, 4] in the file, [4, 5] is wanted"), FileError);
  CHECK_THROWS_WITH_AS(load_weights(mlp, file, {.layout = Layout::out_in}),
                       Contains("tensor \"layers.0.weight\": the file has none of this name"), FileError);
  CHECK_THROWS_WITH_AS(load_weights(other, file, torch(Convert::never)),
                       Contains("the shape is [5, 4] in the file, [6, 4] is wanted"), FileError);
  CHECK_THROWS_WITH_AS(load_weights(deeper, file, torch(Convert::never)),
                       Contains("one name per layer is needed (given: 2, layers: 3)"), UsageError);
  CHECK_THROWS_AS(load_weights(mlp, file, {.layers = {"0", "0"}}), UsageError);
}

TEST_CASE("tensors of nobody are an error, unless they are allowed") {
  const test::Scratch file("");
  Tape<float> tape;
  const Mlp<float> two(tape, {4, 5, 3}, {.seed = 1}), one(tape, {4, 5}, {.seed = 2});
  save_weights(two, file.path);
  CHECK_THROWS_WITH_AS(load_weights(one, file.path),
                       Contains("tensor \"layers.1.bias\": there is no leaf of this name"), FileError);
  load_weights(one, file.path, {.others = true});
  CHECK(value(one.layer(0).W) == value(two.layer(0).W));
}

TEST_CASE("weights saved for PyTorch have its names and layout, and come back") {
  const test::Scratch file("");
  Tape<float> tape;
  const Mlp<float> a(tape, kSizes, kTanhSoftmax), b(tape, kSizes, {.seed = 7});
  load_weights(a, kFolder / "mlp_4_5_3.safetensors", torch(Convert::never));
  save_weights(a, file.path, torch(Convert::never));
  const Safetensors theirs = read_safetensors(kFolder / "mlp_4_5_3.safetensors"), ours = read_safetensors(file.path);
  CHECK(ours.tensors == theirs.tensors);
  CHECK(ours.metadata == theirs.metadata);
  load_weights(b, file.path, torch(Convert::never));
  for (std::size_t l = 0; l < 2; ++l) CHECK(value(b.layer(l).W) == value(a.layer(l).W));
}

}  // namespace wengert::nn
