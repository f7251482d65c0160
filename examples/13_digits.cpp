// Handwritten digits: which rate η and which penalty λ? A grid of trainings, then five seeds of the best methods.
// Expected test accuracy: median at η = λ = 0.01 at least 0.9444, best of the grid at least 0.9556, Adam's median at
// least 0.978. Picture: digits.svg.
#include <fmt/format.h>

#include <filesystem>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

struct Digits {
  nn::Samples<float> train, test;
};

Digits read_digits() {
  auto [x, labels] = nn::classified<float>(nn::read_csv(std::filesystem::path(WENGERT_DATA_DIR) / "digits.csv.gz"));
  for (float& pixel : x) pixel /= 16;
  const nn::Split split = nn::split_rows(labels, {.test = 0.2});
  return {{nn::take_rows(x, split.train), nn::take_rows(labels, split.train)},
          {nn::take_rows(x, split.test), nn::take_rows(labels, split.test)}};
}

constexpr int kBatch = 100, kEpochs = 100;

/// Accuracy on the test set of 50 sigmoids, trained for 100 epochs.
double trained(const Digits& digits, const nn::Method& method, double lambda, std::uint64_t seed) {
  Tape<float> tape;
  const nn::Mlp<float> mlp(tape, {64, 50, 10}, {.output = nn::Activation::softmax, .seed = seed});
  nn::Trainer<float> trainer(
      mlp, {.method = method, .epochs = kEpochs, .batch = kBatch, .seed = seed, .l2 = lambda, .progress = false});
  trainer.fit(digits.train);
  return nn::accuracy(mlp.predict(digits.test.x), digits.test.labels);
}

/// The course sums the cost over a batch where the trainer takes its mean: rates are 100 times larger here, penalties
/// 100 times smaller.
double descent(const Digits& digits, double eta, double lambda, std::uint64_t seed) {
  return trained(digits, nn::Sgd{.rate = eta * kBatch}, lambda / kBatch, seed);
}

template <class Accuracy>
double median_of_five(const char* name, Accuracy accuracy) {
  std::vector<double> all;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) all.push_back(accuracy(seed));
  std::ranges::sort(all);
  fmt::print("{:24}{:.4f}   (five seeds: {:.4f} to {:.4f})\n", name, all[2], all[0], all[4]);
  return all[2];
}

}  // namespace

int main() {
  const Digits digits = read_digits();
  const std::vector<double> etas{1e-5, 1e-4, 1e-3, 1e-2, 1e-1}, lambdas{1, 1e-1, 1e-2, 1e-3, 1e-4};
  svg::HeatMap map{
      "Digits: test accuracy after 100 epochs", "rate η", "penalty λ", {}, {}, Tensor<double>(Shape{5, 5})};
  for (std::size_t i = 0; i < 5; ++i) {
    map.rows.push_back(fmt::format("{:g}", lambdas[i]));
    map.columns.push_back(fmt::format("{:g}", etas[i]));
    for (std::size_t j = 0; j < 5; ++j) map.values.at(i, j) = descent(digits, etas[j], lambdas[i], 1);
  }
  svg::save("digits.svg", map);

  const double best = std::ranges::max(map.values.values());
  fmt::print("{:24}{:.4f}\n", "best of the grid", best);
  const double plain = median_of_five("η = λ = 0.01", [&](auto seed) { return descent(digits, 1e-2, 1e-2, seed); });
  const double adam =
      median_of_five("Adam", [&](auto seed) { return trained(digits, nn::Adam{.rate = 1e-2}, 1e-4, seed); });
  const bool good = plain >= 0.9444 && best >= 0.9556 && adam >= 0.978;
  fmt::print("\n{}\n", good ? "at least 0.9444, 0.9556 and 0.978, as expected" : "LESS THAN EXPECTED");
  return good ? 0 : 1;
}
