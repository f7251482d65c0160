#include "nn/metric/roc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

namespace {

template <class T>
std::vector<RocPoint> curve(const char* operation, const Tensor<T>& scores, const Tensor<std::int64_t>& labels,
                            Source where) {
  if (scores.rank() != 1 || scores.shape() != labels.shape()) {
    throw ShapeError(locate(
        operation,
        fmt::format("scores are {}, labels {}: not [n] both", to_string(scores.shape()), to_string(labels.shape())),
        where));
  }
  std::vector<std::int64_t> order;
  double positives = 0, negatives = 0;
  for (std::int64_t i = 0; i < scores.size(); ++i) {
    const std::int64_t label = labels.data()[i];
    if (label != 0 && label != 1)
      throw ValueError(locate(operation, fmt::format("label {} of row {} is neither 0 nor 1", label, i), where));
    if (std::isnan(scores.data()[i]))
      throw ValueError(locate(operation, fmt::format("score of row {} is NaN", i), where));
    (label == 1 ? positives : negatives) += 1;
    order.push_back(i);
  }
  if (positives == 0 || negatives == 0) {
    throw ValueError(locate(
        operation, fmt::format("{} positive and {} negative rows: both are needed", positives, negatives), where));
  }
  std::ranges::sort(order, [&](std::int64_t a, std::int64_t b) { return scores.data()[a] > scores.data()[b]; });
  std::vector<RocPoint> out{{std::numeric_limits<double>::infinity(), 0, 0}};
  double above[2] = {0, 0};  // negative and positive rows with a score from here on
  for (std::size_t i = 0; i < order.size(); ++i) {
    const T score = scores.data()[order[i]];
    above[labels.data()[order[i]]] += 1;
    if (i + 1 < order.size() && scores.data()[order[i + 1]] == score) continue;  // equal scores are one step
    out.push_back({static_cast<double>(score), above[0] / negatives, above[1] / positives});
  }
  return out;
}

}  // namespace

template <class T>
std::vector<RocPoint> roc(const Tensor<T>& scores, const Tensor<std::int64_t>& labels, Source where) {
  return curve("roc", scores, labels, where);
}

template <class T>
double roc_area(const Tensor<T>& scores, const Tensor<std::int64_t>& labels, Source where) {
  const std::vector<RocPoint> points = curve("roc_area", scores, labels, where);
  double area = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const RocPoint &a = points[i - 1], &b = points[i];
    area += (b.false_positive_rate - a.false_positive_rate) * (a.true_positive_rate + b.true_positive_rate) / 2;
  }
  return area;
}

#define INSTANTIATE(T)                                                                       \
  template std::vector<RocPoint> roc(const Tensor<T>&, const Tensor<std::int64_t>&, Source); \
  template double roc_area(const Tensor<T>&, const Tensor<std::int64_t>&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
