// Why deep networks of sigmoids do not learn: δ shrinks from layer to layer on its way back (F15 to F17).
// Expected: with 30 layers the first δ of sigmoids is below 1e-12 of the last, those of ReLU and ELU stay within a
// factor of 100; a chain of scalars agrees with F16 to 1e-13 and obeys F17. Picture: vanishing_gradient.svg.
#include <fmt/format.h>

#include "nn/nn.hpp"
#include "svg.hpp"

using namespace wengert;
using nn::Activation;

namespace {

/// Norms of δ¹ … δᴸ of a network of `depth` layers of 32 nodes, before training, on 64 random samples.
std::vector<double> delta_norms(std::int64_t depth, Activation activation, nn::Init init) {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, std::vector<std::int64_t>(static_cast<std::size_t>(depth + 1), 32),
                            {.hidden = activation, .output = activation, .alpha = 1, .init = init, .seed = 1});
  Random random(2);
  const auto x = tape.leaf(normal<double>({64, 32}, 0, 1, random)),
             t = tape.leaf(normal<double>({64, 32}, 0, 1, random));
  const auto trace = mlp.trace(x);
  const auto cost = nn::half_squares(trace.a.back(), t);
  std::vector<double> norms;
  for (const auto& delta : gradient(cost, trace.z)) norms.push_back(value(norm(delta)).item());  // F9
  return norms;
}

/// Largest relative difference of ∂f/∂w₁ on the tape from F16, for chains of 1 to 30 scalars; infinite if F17 is
/// broken.
double chain_difference() {
  double largest = 0;
  std::vector<nn::ScalarLayer> layers;
  Tape<double> tape;
  const auto first = tape.leaf(1.5);
  Var<double> a = tape.constant(0.8);
  Random random(3);
  for (int l = 1; l <= 30; ++l) {
    layers.push_back({l == 1 ? 1.5 : random.normal(0, 2), random.normal()});
    a = sigmoid((l == 1 ? first : tape.constant(layers.back().w)) * a + layers.back().b);
    const double slope = value(gradient(a, first)).item(), by_hand = nn::scalar_chain_slope(layers, 0.8);
    if (std::abs(slope) > nn::vanishing_bound(layers, 0.8)) return INFINITY;
    largest = std::max(largest, std::abs(slope / by_hand - 1));
  }
  return largest;
}

}  // namespace

int main() {
  const std::tuple<const char*, Activation, nn::Init> kinds[] = {
      {"sigmoid", Activation::sigmoid, nn::Init::glorot_normal},
      {"ReLU", Activation::relu, nn::Init::he_normal},
      {"ELU", Activation::elu, nn::Init::he_normal}};
  svg::Plot plot{"30 layers: norm of δ in each layer, before training", {"layer"}, {"norm of δ", true}};
  fmt::print("first δ divided by last δ\n{:>7}{:>12}{:>12}{:>12}\n", "layers", "sigmoid", "ReLU", "ELU");
  std::vector<double> ratios;
  for (const std::int64_t depth : {2, 5, 10, 20, 30}) {
    ratios.clear();
    for (const auto& [name, activation, init] : kinds) {
      const auto norms = delta_norms(depth, activation, init);
      ratios.push_back(norms.front() / norms.back());
      if (depth == 30) plot.series.push_back({name, linspace<double>(1, 30, 30), Tensor<double>(norms)});
    }
    fmt::print("{:7}{:12.1e}{:12.1e}{:12.1e}\n", depth, ratios[0], ratios[1], ratios[2]);
  }
  svg::save("vanishing_gradient.svg", plot);

  const double chain = chain_difference();
  fmt::print("\nchain of scalars: tape against F16 {:.1e}, F17 {}\n", chain, std::isfinite(chain) ? "holds" : "BROKEN");
  const auto kept = [](double ratio) { return ratio > 0.01 && ratio < 100; };
  const bool good = chain <= 1e-13 && ratios[0] < 1e-12 && kept(ratios[1]) && kept(ratios[2]);
  fmt::print("{}\n", good ? "sigmoids lose the gradient, ReLU and ELU keep it, as expected" : "NOT AS EXPECTED");
  return good ? 0 : 1;
}
