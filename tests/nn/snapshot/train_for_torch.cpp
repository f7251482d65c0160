// train_for_torch FOLDER: trains two networks and writes to FOLDER what nn/snapshot/torch_check reads: the weights as
// PyTorch keeps them, inputs and our predictions.
#include <filesystem>

#include "nn/nn.hpp"

using namespace wengert;

namespace {

template <class T>
void train(const std::filesystem::path& file) {
  Random random(4);
  auto x = normal<T>(Shape{40, 4}, 0, 1, random);
  Tensor<std::int64_t> labels(Shape{40});
  for (std::int64_t i = 0; i < 40; ++i) labels.at(i) = x.at(i, 0) > 0 ? 2 : x.at(i, 1) > 0 ? 1 : 0;
  Tape<T> tape;
  const nn::Mlp<T> mlp(tape, {4, 6, 5, 3},
                       {.activations = {nn::Activation::tanh, nn::Activation::relu, nn::Activation::softmax}});
  nn::Trainer<T>(mlp, {.method = nn::Adam{.rate = 0.02}, .epochs = 20, .batch = 8, .progress = false}).fit({x, labels});
  nn::save_weights(mlp, file.string() + "_weights.safetensors",
                   {.layout = nn::Layout::out_in, .layers = {"0", "2", "4"}});
  nn::write_safetensors(file.string() + "_predictions.safetensors", {{{"x", x}, {"y", mlp.predict(x)}}, {}});
}

}  // namespace

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  train<float>(folder / "f32");
  train<double>(folder / "f64");
}
