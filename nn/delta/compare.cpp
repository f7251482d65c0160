#include "nn/delta/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/inspect/differences.hpp"
#include "nn/loss/loss.hpp"

namespace wengert::nn {

namespace {

template <class T>
std::vector<HandLayer<T>> by_hand(const Mlp<T>& mlp) {
  std::vector<HandLayer<T>> out;
  for (std::size_t l = 0; l < mlp.layers(); ++l) {
    out.push_back({value(mlp.layer(l).W), value(mlp.layer(l).b), mlp.activation(l), mlp.alpha()});
  }
  return out;
}

/// ∂C/∂w of some entries of w by differences, against what the tape says. An entry whose slopes to both sides differ,
/// or whose differences do not settle, lies across a kink and is skipped, whatever the tape says.
template <class T>
void compare_differences(Tape<T>& tape, Program<T>& cost, Var<T> w, const Tensor<T>& gradient, std::int64_t samples,
                         LayerDifference& out) {
  const Tensor<T> start = value(w);
  Tensor<T> moved = start;
  std::vector<Difference> slopes;
  double scale = 0;
  const std::int64_t stride = std::max<std::int64_t>(1, start.size() / samples);
  for (std::int64_t i = 0; i < start.size(); i += stride) {
    const std::function<std::vector<double>(T)> cost_at = [&](T entry) {
      moved.data()[i] = entry;
      tape.set(w, moved);
      cost.run();
      return std::vector<double>{static_cast<double>(*cost.output().data)};
    };
    slopes.push_back(differences(cost_at, start.data()[i])[0]);
    moved.data()[i] = start.data()[i];
    scale = std::max(scale, std::abs(slopes.back().slope));
  }
  tape.set(w, start);
  const double allowed = std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon())) * scale;
  double largest = 0, reference = 0;
  for (std::size_t k = 0; k < slopes.size(); ++k) {
    if (slopes[k].has_kink(allowed) || !slopes[k].is_settled(allowed)) {
      ++out.skipped;
      continue;
    }
    const T ours = gradient.data()[static_cast<std::int64_t>(k) * stride];
    largest = std::max(largest, std::abs(static_cast<double>(ours) - slopes[k].slope));
    reference = std::max(reference, std::abs(slopes[k].slope));
  }
  if (largest > 0) out.differences = std::max(out.differences, largest / reference);
}

}  // namespace

template <class T>
double relative_difference(const Tensor<T>& a, const Tensor<T>& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  double difference = 0, scale = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double p = static_cast<double>(a.data()[i]), q = static_cast<double>(b.data()[i]);
    if (std::isnan(p) || std::isnan(q)) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::abs(p - q));
    scale = std::max(scale, std::abs(q));
  }
  return difference == 0 ? 0 : difference / scale;
}

template <class T>
DeltaReport compare_deltas(const Mlp<T>& mlp, const typename Mlp<T>::Trace& trace, Var<T> cost,
                           const HandBackprop<T>& hand, std::int64_t samples, Source where) {
  const std::size_t count = mlp.layers();
  std::vector<Var<T>> wrt = trace.z;
  for (const Var<T>& p : mlp.parameters()) wrt.push_back(p);
  const std::vector<Var<T>> g = gradient(cost, wrt, where);
  Program<T> only_cost = compile(cost, where);
  DeltaReport report;
  for (std::size_t l = 0; l < count; ++l) {
    LayerDifference layer;
    const Tensor<T> delta = value(g[l]), dW = value(g[count + 2 * l]), db = value(g[count + 2 * l + 1]);
    layer.closed_form = std::max({relative_difference(delta, hand.delta[l]), relative_difference(dW, hand.dW[l]),
                                  relative_difference(db, hand.db[l])});
    for (const T d : delta) layer.norm += static_cast<double>(d) * static_cast<double>(d);
    layer.norm = std::sqrt(layer.norm);
    if (samples > 0) {
      compare_differences(mlp.tape(), only_cost, mlp.layer(l).W, dW, samples, layer);
      compare_differences(mlp.tape(), only_cost, mlp.layer(l).b, db, samples, layer);
    }
    report.closed_form = std::max(report.closed_form, layer.closed_form);
    report.differences = std::max(report.differences, layer.differences);
    report.layers.push_back(layer);
  }
  return report;
}

template <class T>
DeltaReport compare_deltas(const Mlp<T>& mlp, const Tensor<T>& x, const Tensor<T>& target, Cost cost,
                           std::int64_t samples, Source where) {
  const HandBackprop<T> hand = closed_form(by_hand(mlp), x, target, cost, where);
  const auto scope = mlp.tape().scope(where);
  const auto trace = mlp.trace(mlp.tape().leaf(x, where), where);
  const Var<T> t = mlp.tape().leaf(target, where);
  Var<T> c;
  switch (cost) {
    case Cost::half_squares: c = half_squares(trace.a.back(), t, Reduction::sum, where); break;
    case Cost::mean_squared_error: c = mean_squared_error(trace.a.back(), t, Reduction::mean, where); break;
    case Cost::cross_entropy: c = cross_entropy(trace.z.back(), t, Reduction::mean, where); break;
  }
  return compare_deltas(mlp, trace, c, hand, samples, where);
}

template <class T>
DeltaReport compare_deltas(const Mlp<T>& mlp, const Tensor<T>& x, const Tensor<std::int64_t>& labels,
                           std::int64_t samples, Source where) {
  const HandBackprop<T> hand = closed_form(by_hand(mlp), x, labels, Cost::cross_entropy, where);
  const auto scope = mlp.tape().scope(where);
  const auto trace = mlp.trace(mlp.tape().leaf(x, where), where);
  const Var<T> c = cross_entropy(trace.z.back(), mlp.tape().indices(labels, where), Reduction::mean, where);
  return compare_deltas(mlp, trace, c, hand, samples, where);
}

std::string DeltaReport::table() const {
  std::string text = fmt::format("{:<8}{:>16}{:>20}{:>10}{:>14}\n", "layer", "tape/closed form", "tape/differences",
                                 "kinks", "norm of delta");
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerDifference& d = layers[l];
    text +=
        fmt::format("{:<8}{:>16.1e}{:>20.1e}{:>10}{:>14.4g}\n", l + 1, d.closed_form, d.differences, d.skipped, d.norm);
  }
  return text;
}

#define INSTANTIATE(T)                                                                                                \
  template double relative_difference(const Tensor<T>&, const Tensor<T>&);                                            \
  template DeltaReport compare_deltas(const Mlp<T>&, const Tensor<T>&, const Tensor<T>&, Cost, std::int64_t, Source); \
  template DeltaReport compare_deltas(const Mlp<T>&, const Tensor<T>&, const Tensor<std::int64_t>&, std::int64_t,     \
                                      Source);                                                                        \
  template DeltaReport compare_deltas(const Mlp<T>&, const Mlp<T>::Trace&, Var<T>, const HandBackprop<T>&,            \
                                      std::int64_t, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
