#include "nn/delta/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

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
/// or whose differences do not settle, lies across a kink and is skipped, one lost in rounding is not judged, whatever
/// the tape says. `size` is that of the terms which the cost is made of.
template <class T>
void compare_differences(Tape<T>& tape, Program<T>& cost, Var<T> w, const Tensor<T>& gradient, std::int64_t samples,
                         double size, LayerDifference& out) {
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
    slopes.push_back(differences(cost_at, start.data()[i], size)[0]);
    moved.data()[i] = start.data()[i];
    scale = std::max(scale, std::abs(slopes.back().slope));
  }
  tape.set(w, start);
  const double allowed = std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon())) * scale;
  double largest = 0, reference = 0;
  for (std::size_t k = 0; k < slopes.size(); ++k) {
    if (slopes[k].noise > allowed) {
      ++out.unjudged;
      continue;
    }
    if (slopes[k].has_kink(allowed) || !slopes[k].is_settled(allowed)) {
      ++out.skipped;
      continue;
    }
    ++out.compared;
    const T ours = gradient.data()[static_cast<std::int64_t>(k) * stride];
    largest = std::max(largest, std::abs(static_cast<double>(ours) - slopes[k].slope));
    reference = std::max(reference, std::abs(slopes[k].slope));
  }
  if (largest > 0) out.differences = std::max(out.differences, largest / reference);
}

}  // namespace

template <class T>
double relative_difference(const Tensor<T>& a, const Tensor<T>& b, double size) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  double difference = 0, scale = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double p = static_cast<double>(a.data()[i]), q = static_cast<double>(b.data()[i]);
    if (std::isnan(p) || std::isnan(q)) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::abs(p - q));
    scale = std::max(scale, std::abs(q));
  }
  constexpr double rounding = 16 * static_cast<double>(std::numeric_limits<T>::epsilon());
  if (difference <= rounding * size) scale = std::max(scale, size);
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
  if constexpr (std::is_same_v<T, float>) report.closed_form_bound = 1e-5, report.differences_bound = 5e-3;
  for (std::size_t l = 0; l < count; ++l) {
    LayerDifference layer;
    const Tensor<T> delta = value(g[l]), dW = value(g[count + 2 * l]), db = value(g[count + 2 * l + 1]);
    layer.closed_form = std::max({relative_difference(delta, hand.delta[l], hand.sizes[l].delta),
                                  relative_difference(dW, hand.dW[l], hand.sizes[l].dW),
                                  relative_difference(db, hand.db[l], hand.sizes[l].db)});
    for (const T d : delta) layer.norm += static_cast<double>(d) * static_cast<double>(d);
    layer.norm = std::sqrt(layer.norm);
    if (samples > 0) {
      compare_differences(mlp.tape(), only_cost, mlp.layer(l).W, dW, samples, hand.cost_size, layer);
      compare_differences(mlp.tape(), only_cost, mlp.layer(l).b, db, samples, hand.cost_size, layer);
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
  std::string text = fmt::format("{:<8}{:>16}{:>20}{:>10}{:>10}{:>10}{:>14}\n", "layer", "tape/closed form",
                                 "tape/differences", "compared", "kinks", "unjudged", "norm of delta");
  std::int64_t compared = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerDifference& d = layers[l];
    compared += d.compared;
    text += fmt::format("{:<8}{:>16.1e}{:>20.1e}{:>10}{:>10}{:>10}{:>14.4g}\n", l + 1, d.closed_form, d.differences,
                        d.compared, d.skipped, d.unjudged, d.norm);
  }
  const std::string by_differences =
      compared == 0 ? "differences could judge no entry"
                    : fmt::format("tape/differences {:.1e} (at most {:.0e})", differences, differences_bound);
  return text + fmt::format("the tape and the hand-derived formulas {}: tape/closed form {:.1e} (at most {:.0e}), {}\n",
                            confirmed() ? "agree" : "DISAGREE", closed_form, closed_form_bound, by_differences);
}

#define INSTANTIATE(T)                                                                                                \
  template double relative_difference(const Tensor<T>&, const Tensor<T>&, double);                                    \
  template DeltaReport compare_deltas(const Mlp<T>&, const Tensor<T>&, const Tensor<T>&, Cost, std::int64_t, Source); \
  template DeltaReport compare_deltas(const Mlp<T>&, const Tensor<T>&, const Tensor<std::int64_t>&, std::int64_t,     \
                                      Source);                                                                        \
  template DeltaReport compare_deltas(const Mlp<T>&, const Mlp<T>::Trace&, Var<T>, const HandBackprop<T>&,            \
                                      std::int64_t, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
