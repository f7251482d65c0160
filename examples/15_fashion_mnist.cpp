// Fashion-MNIST: 60,000 pictures of clothes to learn from, 10,000 to test on. A 784-128-10 network in float, Adam, ten
// epochs. Expected: test accuracy at least 0.8811. Picture: fashion_mnist.svg (who is taken for whom).
//
// The data are those of Debian's package dataset-fashion-mnist, or in the folder named on the command line; without
// them the example says so and returns 77.
#include <fmt/format.h>

#include <filesystem>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

/// Pictures as rows of 784 pixels, scaled by mean and deviation of the training pixels.
nn::Samples<float> read(const std::filesystem::path& folder, const std::string& part) {
  auto images = nn::read_idx(folder / (part + "-images-idx3-ubyte.gz")).to<float>();
  for (float& pixel : images) pixel = (pixel / 255 - 0.286040f) / 0.353024f;
  const std::int64_t n = images.shape()[0];
  return {reshaped(std::move(images), Shape{n, 784}),
          nn::read_idx(folder / (part + "-labels-idx1-ubyte.gz")).to<std::int64_t>()};
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path folder = count > 1 ? arguments[1] : "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) {
    fmt::print("skipped: {} is not there (Debian: apt install dataset-fashion-mnist)\n", folder.string());
    return 77;
  }
  const auto train = read(folder, "train"), test = read(folder, "t10k");

  Tape<float> tape;
  const nn::Mlp<float> mlp(
      tape, {784, 128, 10},
      {.hidden = nn::Activation::relu, .output = nn::Activation::softmax, .init = nn::Init::he_normal, .seed = 1});
  constexpr int kEpochs = 10, kBatch = 100;
  nn::Trainer<float> trainer(
      mlp, {.epochs = kEpochs,
            .batch = kBatch,
            .seed = 1,
            .schedule = nn::cosine(1e-3, kEpochs * train.size() / kBatch),
            .metric = "test accuracy",
            .after_epoch = [&](nn::Epoch& e) { e.metric = nn::accuracy(mlp.predict(test.x), test.labels); }});
  const double accuracy = trainer.fit(train).history.back().metric;

  const std::vector<std::string> names{"T-shirt", "trouser", "pullover", "dress", "coat",
                                       "sandal",  "shirt",   "sneaker",  "bag",   "boot"};
  nn::ConfusionMatrix matrix(10);
  matrix.add(test.labels, nn::predicted_classes(mlp.predict(test.x)));
  fmt::print("\n{}\n", to_string(matrix, names));
  Tensor<double> shares(Shape{10, 10});
  for (std::int64_t i = 0; i < 100; ++i) shares.data()[i] = static_cast<double>(matrix.counts().data()[i]) / 1000;
  svg::save("fashion_mnist.svg",
            svg::HeatMap{"Fashion-MNIST: who is taken for whom", "taken for", "is", names, names, std::move(shares)});

  const bool good = accuracy >= 0.8811;
  fmt::print("test accuracy {:.4f}: {}\n", accuracy, good ? "at least 0.8811, as expected" : "LESS THAN EXPECTED");
  return good ? 0 : 1;
}
