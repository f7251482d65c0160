// A network learns real handwritten digits, with gradients that came off the tape and are confirmed by hand.
//
//   data   1,797 digits of 8x8 pixels: 1,437 to learn from, 360 to test on
//   model  64 pixels, 50 sigmoids, 10 classes: a^l = sigma(a^(l-1) W^l + b^l), softmax at the end
//   loss   cross entropy; its deltas on the tape are compared with the hand-derived ones, layer by layer
//   step   Adam on batches of 32, 20 epochs
//
// Expected: test accuracy of at least 0.95, largest relative difference tape/closed form at most 1e-12.
#include <fmt/format.h>

#include <filesystem>

#include "nn/nn.hpp"

using namespace wengert;

namespace {

/// Rows `order[first, last)` of the table: 64 pixels divided by 16, then the label.
nn::Samples<double> rows(const Tensor<double>& table, const Tensor<std::int64_t>& order, std::int64_t first,
                         std::int64_t last) {
  Tensor<double> x(Shape{last - first, 64});
  Tensor<std::int64_t> label(Shape{last - first});
  for (std::int64_t i = first; i < last; ++i) {
    const double* row = table.data() + order.at(i) * 65;
    for (std::int64_t k = 0; k < 64; ++k) x.at(i - first, k) = row[k] / 16;
    label.at(i - first) = static_cast<std::int64_t>(row[64]);
  }
  return {std::move(x), std::move(label)};
}

}  // namespace

int main() {
  const Tensor<double> table = nn::read_csv(std::filesystem::path(WENGERT_DATA_DIR) / "digits.csv.gz");
  const auto order = Random(2024).permutation(table.shape()[0]);
  const auto train = rows(table, order, 0, 1437), test = rows(table, order, 1437, 1797),
             few = rows(table, order, 0, 32);
  fmt::print("handwritten digits: {} to learn from, {} to test on\n\n", train.size(), test.size());

  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {64, 50, 10}, {.output = nn::Activation::softmax, .seed = 1});
  fmt::print("{}\n", mlp.describe());

  const nn::DeltaReport report = nn::compare_deltas(mlp, few.x, few.labels);
  fmt::print("deltas before training, 32 samples\n{}\n", report.table());

  nn::Trainer<double> trainer(
      mlp, {.method = nn::Adam{.rate = 0.01},
            .epochs = 20,
            .seed = 3,
            .log_every = 2,
            .metric = "test accuracy",
            .after_epoch = [&](nn::Epoch& e) { e.metric = nn::accuracy(mlp.predict(test.x), test.labels); }});
  const nn::Epoch last = trainer.fit(train).history.back();
  fmt::print("\ntest accuracy {:.4f}\n", last.metric);
  fmt::print("time per step {:.1f} us (32 samples: forward, backward, Adam)\n\n", last.step_microseconds);
  fmt::print(
      "try next: another activation, .hidden = nn::Activation::relu in examples/digits_demo.cpp\n"
      "          a deeper network, sizes {{64, 50, 50, 10}}\n"
      "          every test, ./dev test\n");
  return report.confirmed() && last.metric >= 0.95 ? 0 : 1;
}
