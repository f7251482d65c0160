// A network learns real handwritten digits, with gradients that came off the tape and are confirmed by hand.
// Expected: test accuracy of at least 0.95, largest relative difference tape/closed form at most 1e-12.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "nn/nn.hpp"

using namespace wengert;

namespace {

/// Rows `order[first, last)` of the table: 64 pixels divided by 16, then the label.
template <class T>
std::pair<Tensor<T>, Tensor<std::int64_t>> rows(const Tensor<double>& table, const Tensor<std::int64_t>& order,
                                                std::int64_t first, std::int64_t last) {
  Tensor<T> x(Shape{last - first, 64});
  Tensor<std::int64_t> label(Shape{last - first});
  for (std::int64_t i = first; i < last; ++i) {
    const double* row = table.data() + order.at(i) * 65;
    for (std::int64_t k = 0; k < 64; ++k) x.at(i - first, k) = static_cast<T>(row[k] / 16);
    label.at(i - first) = static_cast<std::int64_t>(row[64]);
  }
  return {std::move(x), std::move(label)};
}

}  // namespace

int main() {
  const Tensor<double> table = nn::read_csv(std::filesystem::path(WENGERT_DATA_DIR) / "digits.csv.gz");
  Random split(2024);
  const Tensor<std::int64_t> order = split.permutation(table.shape()[0]);
  const auto [x, label] = rows<double>(table, order, 0, 1437);
  const auto [x_test, label_test] = rows<double>(table, order, 1437, table.shape()[0]);
  fmt::print("handwritten digits: {} to learn from, {} to test on\n\n", x.shape()[0], x_test.shape()[0]);

  Tape<double> tape;
  nn::Mlp<double> mlp(tape, {64, 50, 10},
                      {.hidden = nn::Activation::sigmoid, .output = nn::Activation::softmax, .seed = 1});
  fmt::print("{}\n", mlp.describe());

  const auto [x_few, label_few] = rows<double>(table, order, 0, 32);
  const nn::DeltaReport report = nn::compare_deltas(mlp, x_few, label_few);
  fmt::print("deltas before training, 32 samples\n{}", report.table());
  fmt::print("largest relative difference tape/closed form {:.1e}\n", report.closed_form);
  const bool confirmed = report.closed_form <= 1e-12 && report.differences <= 1e-6;
  fmt::print("{}\n\n",
             confirmed ? "the tape and the hand-derived formulas agree" : "THE TAPE AND THE FORMULAS DISAGREE");

  std::map<std::int64_t, double> test;
  const auto history = nn::train<double>(mlp, x, label, nn::Adam{.rate = 0.01},
                                         {.epochs = 20, .batch = 32, .seed = 3}, [&](const nn::Epoch& e) {
                                           test[e.number] = nn::accuracy(mlp.predict(x_test), label_test);
                                           return fmt::format("  test accuracy {:.4f} ", test[e.number]);
                                         });
  const double reached = nn::accuracy(mlp.predict(x_test), label_test);
  fmt::print("\ntest accuracy {:.4f}\n", reached);
  fmt::print("time per step {:.1f} us (32 samples: forward, backward, Adam)\n\n", history.back().step_microseconds);
  fmt::print(
      "try next: another activation, .hidden = nn::Activation::relu in examples/digits_demo.cpp\n"
      "          a deeper network, sizes {{64, 50, 50, 10}}\n"
      "          every test, ./dev test\n");
  return confirmed && reached >= 0.95 ? 0 : 1;
}
