// Is a tumour benign? Logistic regression, which is a network without a hidden layer, against one with 16 sigmoids.
// Expected: median test accuracy of five splits at least 0.958 and 0.965; area under both ROC curves at least 0.98.
// Picture: breast_cancer.svg.
#include <fmt/format.h>

#include <filesystem>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

/// What five trainings say of their test sets.
struct Result {
  std::vector<double> accuracies{};
  std::vector<double> scores{};        ///< probability of being benign
  std::vector<std::int64_t> labels{};  ///< 1 for benign
};

/// Trains on four fifths of the rows and tests on the last fifth; the features are scaled by the training rows alone.
void train(const nn::Classified<double>& all, const std::vector<std::int64_t>& sizes, std::uint64_t seed,
           Result& result) {
  const nn::Split split = nn::split_rows(all.labels, {.test = 0.2, .seed = seed});
  const auto x = nn::standard_scaler(nn::take_rows(all.x, split.train)).transform(all.x);
  const auto labels = nn::take_rows(all.labels, split.test);

  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, sizes, {.output = nn::Activation::softmax, .seed = seed});
  nn::Trainer<double> trainer(
      mlp, {.method = nn::Adam{.rate = 1e-2}, .epochs = 60, .seed = seed, .l2 = 1e-3, .progress = false});
  trainer.fit({nn::take_rows(x, split.train), nn::take_rows(all.labels, split.train)});

  const Tensor<double> p = mlp.predict(nn::take_rows(x, split.test));
  result.accuracies.push_back(nn::accuracy(p, labels));
  for (std::int64_t i = 0; i < labels.size(); ++i) {
    result.scores.push_back(p.at(i, 1)), result.labels.push_back(labels.at(i));
  }
}

svg::Series roc_series(const std::string& name, const std::vector<nn::RocPoint>& curve) {
  std::vector<double> x, y;
  for (const nn::RocPoint& point : curve) x.push_back(point.false_positive_rate), y.push_back(point.true_positive_rate);
  return {name, Tensor<double>(x), Tensor<double>(y)};
}

}  // namespace

int main() {
  const auto all = nn::classified<double>(
      nn::read_csv(std::filesystem::path(WENGERT_DATA_DIR) / "breast_cancer.csv", {.skip_rows = 1}));
  svg::Plot plot{"Benign? ROC of five test sets, upper left corner",
                 {"false positive rate", false, 0, 0.2},
                 {"true positive rate", false, 0.8, 1}};
  bool good = true;
  fmt::print("{:22}{:>10}{:>18}{:>14}\n", "", "accuracy", "five splits", "area (ROC)");
  for (const auto& [name, sizes, expected] :
       {std::tuple{"logistic regression", std::vector<std::int64_t>{30, 2}, 0.958},
        std::tuple{"16 sigmoids", std::vector<std::int64_t>{30, 16, 2}, 0.965}}) {
    Result result;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) train(all, sizes, seed, result);
    auto& [accuracies, scores, labels] = result;
    std::ranges::sort(accuracies);
    const double area = nn::roc_area(Tensor<double>(scores), Tensor<std::int64_t>(labels));
    plot.series.push_back(roc_series(name, nn::roc(Tensor<double>(scores), Tensor<std::int64_t>(labels))));
    fmt::print("{:22}{:10.4f}{:>18}{:14.4f}\n", name, accuracies[2],
               fmt::format("{:.4f} to {:.4f}", accuracies[0], accuracies[4]), area);
    good = good && accuracies[2] >= expected && area >= 0.98;
  }
  svg::save("breast_cancer.svg", plot);
  fmt::print("\n{}\n", good ? "at least 0.958 and 0.965, as expected" : "LESS THAN EXPECTED");
  return good ? 0 : 1;
}
