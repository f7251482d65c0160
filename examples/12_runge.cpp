// Runge's function 1 / (1 + 25 x²): a network learns what polynomials through equidistant points diverge from.
// Expected: median test error of five seeds at most 2.9e-7; the polynomial of degree 15 is off by more than 1. How far
// apart the inputs lie and whether the rate falls are chosen on 20 of the 100 points, by seeds of their own. Picture:
// runge.svg.
#include <fmt/format.h>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

/// The polynomial through all points, as Lagrange wrote it.
double interpolated(const nn::Sampled<double>& points, double x) {
  const std::int64_t n = points.x.size();
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    double term = points.y.at(i, 0);
    for (std::int64_t k = 0; k < n; ++k) {
      if (k != i) term *= (x - points.x.at(k, 0)) / (points.x.at(i, 0) - points.x.at(k, 0));
    }
    sum += term;
  }
  return sum;
}

nn::Samples<double> rows_of(const nn::Samples<double>& all, const Tensor<std::int64_t>& rows) {
  return {nn::take_rows(all.x, rows), nn::take_rows(all.targets, rows)};
}

struct Setting {
  double scale;  ///< inputs lie in ±scale: how far the sigmoids bend
  bool falling;  ///< the rate, from 1e-2 to 0
};

/// What 50 sigmoids, trained on all of `train`, say of the places x.
Tensor<double> learned(const nn::Samples<double>& train, const Tensor<double>& x, Setting setting, std::uint64_t seed) {
  constexpr int kSteps = 5000;
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {1, 50, 1}, {.init = nn::Init::uniform, .seed = seed});
  const auto loss = nn::mean_squared_error(mlp(setting.scale * tape.leaf(train.x)), tape.leaf(train.targets));
  nn::minimize(loss, mlp.parameters(),
               {.steps = kSteps, .schedule = setting.falling ? nn::cosine(1e-2, kSteps) : nn::constant(1e-2)});
  return value(mlp(setting.scale * tape.leaf(x)));
}

/// The errors on `test` of five seeds from `first` on, the smallest first.
std::vector<double> five_errors(const nn::Samples<double>& train, const nn::Samples<double>& test, Setting setting,
                                std::uint64_t first) {
  std::vector<double> errors;
  for (std::uint64_t seed = first; seed < first + 5; ++seed) {
    errors.push_back(nn::mean_squared_error(learned(train, test.x, setting, seed), test.targets));
  }
  std::ranges::sort(errors);
  return errors;
}

/// The best of eight, by the worst of five seeds on a fifth of the points.
Setting chosen(const nn::Samples<double>& points) {
  const nn::Split split = nn::split_rows(points.size(), {.validation = 0.2, .test = 0});
  const nn::Samples<double> train = rows_of(points, split.train), validation = rows_of(points, split.validation);
  Setting best{};
  double least = std::numeric_limits<double>::infinity();
  fmt::print("{:>6}{:>8}{:>18}\n", "scale", "rate", "validation error");
  for (const double scale : {2.0, 5.0, 10.0, 20.0}) {
    for (const bool falling : {false, true}) {
      const double error = five_errors(train, validation, {scale, falling}, 6)[4];
      fmt::print("{:6g}{:>8}{:18.2e}\n", scale, falling ? "falls" : "1e-2", error);
      if (error < least) best = {scale, falling};
      least = std::min(least, error);
    }
  }
  return best;
}

}  // namespace

int main() {
  const auto points = nn::runge_line<double>({.n = 100}), fine = nn::runge_line<double>({.n = 333}),
             knots = nn::runge_line<double>({.n = 16});
  const nn::Samples<double> train(points.x, points.y), test(fine.x, fine.y);
  Tensor<double> polynomial(fine.y.shape());
  double farthest = 0;
  for (std::int64_t i = 0; i < fine.x.size(); ++i) {
    polynomial.at(i, 0) = interpolated(knots, fine.x.at(i, 0));
    farthest = std::max(farthest, std::abs(polynomial.at(i, 0) - fine.y.at(i, 0)));
  }
  fmt::print("polynomial of degree 15: off by up to {:.2f}\n\n", farthest);

  const Setting setting = chosen(train);
  const std::vector<double> errors = five_errors(train, test, setting, 1);
  svg::save("runge.svg", {"Runge's function",
                          {"x"},
                          {"y", false, -0.5, 1.5},
                          {{"polynomial, degree 15", test.x, polynomial},
                           {"network, 50 sigmoids", test.x, learned(train, test.x, setting, 1)},
                           {"its 16 points", knots.x, knots.y, true}}});

  const bool good = errors[2] <= 2.9e-7 && farthest > 1;
  fmt::print("\ntest error of five seeds {:.2e} to {:.2e}, median {:.2e}: {}\n", errors[0], errors[4], errors[2],
             good ? "at most 2.9e-7, as expected" : "MORE THAN EXPECTED");
  return good ? 0 : 1;
}
