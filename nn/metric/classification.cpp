#include "nn/metric/classification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

namespace {

template <class T>
void expect_outputs(const char* operation, const Tensor<T>& outputs, Source where) {
  if (outputs.rank() == 2 && outputs.shape()[1] >= 1) return;
  throw ShapeError(
      locate(operation, fmt::format("outputs are {}, not [n, classes]", to_string(outputs.shape())), where));
}

/// a / b, and 0 / 0 = 0.
double ratio(std::int64_t a, std::int64_t b) { return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b); }

/// Number of classes that come before `label` when those of the row are sorted, largest first.
template <class T>
std::int64_t rank_of(std::int64_t label, const T* row, std::int64_t classes) {
  const T own = row[label];
  if (std::isnan(own)) return classes;
  std::int64_t rank = 0;
  for (std::int64_t c = 0; c < classes; ++c) rank += row[c] > own || (row[c] == own && c < label) ? 1 : 0;
  return rank;
}

std::int64_t checked(std::int64_t label, std::int64_t classes, std::int64_t row, const char* operation, Source where) {
  if (label >= 0 && label < classes) return label;
  throw ValueError(
      locate(operation, fmt::format("class {} of row {} is not in 0..{}", label, row, classes - 1), where));
}

template <class F>
double mean_over(std::int64_t classes, F f) {
  double sum = 0;
  for (std::int64_t c = 0; c < classes; ++c) sum += f(c);
  return sum / static_cast<double>(classes);
}

}  // namespace

template <class T>
Tensor<std::int64_t> predicted_classes(const Tensor<T>& outputs, Source where) {
  expect_outputs("predicted_classes", outputs, where);
  const std::int64_t n = outputs.shape()[0], classes = outputs.shape()[1];
  Tensor<std::int64_t> out(Shape{n});
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = outputs.data() + i * classes;
    std::int64_t best = 0;
    for (std::int64_t c = 1; c < classes; ++c) {
      if (row[c] > row[best] || (std::isnan(row[best]) && !std::isnan(row[c]))) best = c;
    }
    out.data()[i] = best;
  }
  return out;
}

namespace {

template <class T>
double share_of_hits(const char* operation, const Tensor<T>& outputs, const Tensor<std::int64_t>& labels,
                     std::int64_t k, Source where) {
  expect_outputs(operation, outputs, where);
  const std::int64_t n = outputs.shape()[0], classes = outputs.shape()[1];
  if (labels.shape() != Shape{n} || n == 0) {
    throw ShapeError(locate(operation,
                            fmt::format("one label per row is needed: outputs are {}, labels {}",
                                        to_string(outputs.shape()), to_string(labels.shape())),
                            where));
  }
  if (k < 1 || k > classes)
    throw ValueError(
        locate(operation, fmt::format("k is {}, it must be in 1..{}, the number of classes", k, classes), where));
  std::int64_t hits = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t label = checked(labels.data()[i], classes, i, operation, where);
    hits += rank_of(label, outputs.data() + i * classes, classes) < k ? 1 : 0;
  }
  return ratio(hits, n);
}

}  // namespace

template <class T>
double top_k_accuracy(const Tensor<T>& outputs, const Tensor<std::int64_t>& labels, std::int64_t k, Source where) {
  return share_of_hits("top_k_accuracy", outputs, labels, k, where);
}

template <class T>
double accuracy(const Tensor<T>& outputs, const Tensor<std::int64_t>& labels, Source where) {
  return share_of_hits("accuracy", outputs, labels, 1, where);
}

ConfusionMatrix::ConfusionMatrix(std::int64_t classes, Source where) {
  if (classes < 1)
    throw ValueError(locate("confusion_matrix", fmt::format("classes is {}, it must be positive", classes), where));
  counts_ = Tensor<std::int64_t>(Shape{classes, classes});
}

void ConfusionMatrix::add(const Tensor<std::int64_t>& labels, const Tensor<std::int64_t>& predicted, Source where) {
  if (labels.shape() != predicted.shape()) {
    throw ShapeError(locate(
        "add",
        fmt::format("labels are {}, predicted classes {}", to_string(labels.shape()), to_string(predicted.shape())),
        where));
  }
  Tensor<std::int64_t> counts = counts_;
  for (std::int64_t i = 0; i < labels.size(); ++i) {
    const std::int64_t row = checked(labels.data()[i], classes(), i, "add", where);
    const std::int64_t column = checked(predicted.data()[i], classes(), i, "add", where);
    ++counts.data()[row * classes() + column];
  }
  counts_ = std::move(counts);
}

void ConfusionMatrix::expect_class(const char* operation, std::int64_t c, Source where) const {
  if (c >= 0 && c < classes()) return;
  throw ValueError(locate(operation, fmt::format("class {} is not in 0..{}", c, classes() - 1), where));
}

std::int64_t ConfusionMatrix::there(std::int64_t c) const {
  std::int64_t sum = 0;
  for (std::int64_t j = 0; j < classes(); ++j) sum += counts_.at(c, j);
  return sum;
}

std::int64_t ConfusionMatrix::predicted(std::int64_t c) const {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < classes(); ++i) sum += counts_.at(i, c);
  return sum;
}

std::int64_t ConfusionMatrix::rows() const {
  std::int64_t sum = 0;
  for (const std::int64_t count : counts_) sum += count;
  return sum;
}

double ConfusionMatrix::accuracy() const {
  std::int64_t sum = 0;
  for (std::int64_t c = 0; c < classes(); ++c) sum += right(c);
  return ratio(sum, rows());
}

double ConfusionMatrix::precision(std::int64_t c, Source where) const {
  expect_class("precision", c, where);
  return ratio(right(c), predicted(c));
}
double ConfusionMatrix::recall(std::int64_t c, Source where) const {
  expect_class("recall", c, where);
  return ratio(right(c), there(c));
}
double ConfusionMatrix::f1(std::int64_t c, Source where) const {
  expect_class("f1", c, where);
  return ratio(2 * right(c), predicted(c) + there(c));
}

double ConfusionMatrix::macro_precision() const {
  return mean_over(classes(), [this](std::int64_t c) { return precision(c); });
}
double ConfusionMatrix::macro_recall() const {
  return mean_over(classes(), [this](std::int64_t c) { return recall(c); });
}
double ConfusionMatrix::macro_f1() const {
  return mean_over(classes(), [this](std::int64_t c) { return f1(c); });
}

std::string to_string(const ConfusionMatrix& matrix, const std::vector<std::string>& names, Source where) {
  const auto classes = static_cast<std::size_t>(matrix.classes());
  if (!names.empty() && names.size() != classes) {
    throw UsageError(locate("to_string",
                            fmt::format("one name per class is needed (given: {}, classes: {})", names.size(), classes),
                            where));
  }
  std::vector<std::string> heads = names;
  for (std::size_t c = heads.size(); c < classes; ++c) heads.push_back(std::to_string(c));
  std::size_t first = 5;  // "label"
  for (const std::string& head : heads) first = std::max(first, head.size());
  std::vector<std::size_t> widths;
  std::string text = fmt::format("{:<{}}", "label", first);
  for (std::size_t j = 0; j < classes; ++j) {
    std::size_t width = heads[j].size();
    for (std::size_t i = 0; i < classes; ++i)
      width = std::max(width, fmt::formatted_size("{}", matrix.counts().at(i, j)));
    widths.push_back(width);
    text += fmt::format("  {:>{}}", heads[j], width);
  }
  text += "  precision  recall      f1\n";
  for (std::size_t i = 0; i < classes; ++i) {
    text += fmt::format("{:<{}}", heads[i], first);
    for (std::size_t j = 0; j < classes; ++j) text += fmt::format("  {:>{}}", matrix.counts().at(i, j), widths[j]);
    const auto c = static_cast<std::int64_t>(i);
    text += fmt::format("  {:>9.4f}  {:>6.4f}  {:>6.4f}\n", matrix.precision(c), matrix.recall(c), matrix.f1(c));
  }
  return text;
}

#define INSTANTIATE(T)                                                                                 \
  template Tensor<std::int64_t> predicted_classes(const Tensor<T>&, Source);                           \
  template double top_k_accuracy(const Tensor<T>&, const Tensor<std::int64_t>&, std::int64_t, Source); \
  template double accuracy(const Tensor<T>&, const Tensor<std::int64_t>&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
