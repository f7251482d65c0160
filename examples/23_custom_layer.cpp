// A layer of one's own: waves whose frequencies are learned. Any struct with leaves, forward and named_parameters is a
// module. It finds the frequencies of a signal, 3 and 7, and so goes on where the data end; a network of tanh does not.
// Expected: error behind the data at most 1e-6 with waves, at least 0.1 with tanh. Picture: custom_layer.svg.
#include <fmt/format.h>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;

namespace {

/// sin(x f + φ): x [n, 1] -> [n, waves].
struct Waves {
  Var<double> frequency, phase;  ///< [1, waves], [waves]

  Var<double> forward(Var<double> x, nn::Pass<double>&) const { return sin(matmul(x, frequency) + phase); }
  std::vector<nn::Parameter<double>> named_parameters() const { return {{"frequency", frequency}, {"phase", phase}}; }
};

double signal(double x) { return std::sin(3 * x) + 0.5 * std::cos(7 * x); }

/// The signal at n points.
nn::Samples<double> sampled(double first, double last, std::int64_t n) {
  auto x = reshaped(linspace(first, last, n), Shape{n, 1}), y = x;
  for (double& v : y) v = signal(v);
  return {x, y};
}

/// Learns the signal on [-2, 2]; returns the mean squared error on [2, 6], where it has seen nothing.
double learned(const nn::Sequential<double>& net, Tape<double>& tape) {
  const auto data = sampled(-2, 2, 80), ahead = sampled(2, 6, 200);
  const auto loss = nn::mean_squared_error(net(tape.leaf(data.x)), tape.leaf(data.targets));
  nn::minimize(loss, nn::trained(net.named_parameters()), {.steps = 4000, .schedule = nn::cosine(2e-2, 4000)});
  const double error = nn::mean_squared_error(value(net(tape.leaf(ahead.x))), ahead.targets);
  fmt::print("{:20.1e}{:20.1e}\n", value(loss).item(), error);
  return error;
}

}  // namespace

int main() {
  Tape<double> tape;
  Random random(2);  // the start matters: from 1 two waves share the frequency 7, and the error is 1e-4
  const Waves waves{tape.leaf(reshaped(linspace(1.0, 8.0, 4), Shape{1, 4})), tape.leaf(zeros({4}))};
  const nn::Sequential<double> with{waves, nn::linear(tape, 4, 1, random)};
  const nn::Sequential<double> without{nn::linear(tape, 1, 20, random), nn::Activation::tanh,
                                       nn::linear(tape, 20, 20, random), nn::Activation::tanh,
                                       nn::linear(tape, 20, 1, random)};
  fmt::print("mean squared error on the data and behind them\n{:6}", "waves");
  const double error = learned(with, tape);
  fmt::print("{:6}", "tanh");
  const double tanh_error = learned(without, tape);
  const Tensor<double> frequency = value(waves.frequency), size = value(with.layers[1].named_parameters()[0].var);
  fmt::print("\n{:12}{:>12}\n", "frequency", "amplitude");
  for (int i = 0; i < 4; ++i) fmt::print("{:<12.6f}{:12.6f}\n", std::abs(frequency.at(0, i)), std::abs(size.at(i, 0)));

  const auto shown = sampled(-2, 6, 400), some = sampled(-2, 6, 65);
  const auto x = tape.leaf(shown.x);
  svg::save("custom_layer.svg", {"Learned on [−2, 2], asked up to 6",
                                 {"x"},
                                 {"y", false, -2, 2},
                                 {{"waves", shown.x, value(with(x))},
                                  {"tanh", shown.x, value(without(x))},
                                  {"signal", some.x, some.targets, true}}});
  const bool good = error <= 1e-6 && tanh_error >= 0.1;
  fmt::print("\n{}\n", good ? "the waves go on, tanh does not, as expected" : "NOT AS EXPECTED");
  return good ? 0 : 1;
}
