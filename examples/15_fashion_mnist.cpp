// Fashion-MNIST: 60,000 pictures of clothes to learn from, 10,000 to test on. A 784-128-10 network in float, Adam, ten
// epochs. Expected: median test accuracy of five seeds at least 0.8811. Picture: fashion_mnist.svg (who is taken for
// whom).
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

/// The classes a network of this seed sees in the test set.
Tensor<std::int64_t> trained(const nn::Samples<float>& train, const nn::Samples<float>& test, std::uint64_t seed) {
  Tape<float> tape;
  const nn::Mlp<float> mlp(
      tape, {784, 128, 10},
      {.hidden = nn::Activation::relu, .output = nn::Activation::softmax, .init = nn::Init::he_normal, .seed = seed});
  constexpr int kEpochs = 10, kBatch = 100;
  nn::Trainer<float> trainer(
      mlp, {.epochs = kEpochs,
            .batch = kBatch,
            .seed = seed,
            .schedule = nn::cosine(1e-3, kEpochs * train.size() / kBatch),
            .log_every = kEpochs,
            .metric = "test accuracy",
            .after_epoch = [&](nn::Epoch& e) { e.metric = nn::accuracy(mlp.predict(test.x), test.labels); }});
  trainer.fit(train);
  return nn::predicted_classes(mlp.predict(test.x));
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path folder = count > 1 ? arguments[1] : "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) {
    fmt::print("skipped: {} is not there (Debian: apt install dataset-fashion-mnist)\n", folder.string());
    return 77;
  }
  const auto train = read(folder, "train"), test = read(folder, "t10k");

  nn::ConfusionMatrix matrix(10);  // of all five test sets
  std::vector<double> accuracies;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    nn::ConfusionMatrix one(10);
    const auto classes = trained(train, test, seed);
    one.add(test.labels, classes), matrix.add(test.labels, classes);
    accuracies.push_back(one.accuracy());
  }

  const std::vector<std::string> names{"T-shirt", "trouser", "pullover", "dress", "coat",
                                       "sandal",  "shirt",   "sneaker",  "bag",   "boot"};
  fmt::print("\n{}\n", to_string(matrix, names));
  Tensor<double> shares(Shape{10, 10});
  for (std::int64_t i = 0; i < 100; ++i) shares.data()[i] = static_cast<double>(matrix.counts().data()[i]) / 5000;
  svg::save("fashion_mnist.svg",
            svg::HeatMap{"Fashion-MNIST: who is taken for whom", "taken for", "is", names, names, std::move(shares)});

  std::ranges::sort(accuracies);
  const bool good = accuracies[2] >= 0.8811;
  fmt::print("median test accuracy {:.4f} ({:.4f} to {:.4f}): {}\n", accuracies[2], accuracies[0], accuracies[4],
             good ? "at least 0.8811, as expected" : "LESS THAN EXPECTED");
  return good ? 0 : 1;
}
