// One row of PyTorch's answers, and what translating its arguments needs.
#pragma once

#include <functional>

#include "tests/oracles/oracle.hpp"

namespace wengert::test::torch {

using V = Var<double>;
using Vs = std::vector<V>;

/// One row, its tensors as leaves.
class Call {
 public:
  explicit Call(const Json& row) : row_(row) {
    enter(row.at("input"));
    enter(row.at("args"));
    enter(row.at("kwargs"));
  }

  Tape<double>& tape() { return tape_; }
  std::string name() const { return row_.at("op"); }
  std::string variant() const { return row_.at("variant"); }
  /// PyTorch's value.
  Tensor<double> out(std::size_t i = 0) const { return tensor_of<double>(row_.at("out").at(i)); }
  /// The differentiable inputs, in order.
  const Vs& leaves() const { return leaves_; }
  V x() const { return var(row_.at("input")); }
  Vs list() const {
    Vs out;
    for (const Json& part : row_.at("input")) out.push_back(var(part));
    return out;
  }
  std::size_t args() const { return row_.at("args").size(); }
  const Json& arg(std::size_t i) const { return row_.at("args").at(i); }
  V operand(std::size_t i) const { return var(arg(i)); }
  bool is_tensor(std::size_t i) const { return arg(i).is_object(); }
  bool has(const char* key) const { return row_.at("kwargs").contains(key) && !row_.at("kwargs").at(key).is_null(); }
  const Json& at(const char* key) const { return row_.at("kwargs").at(key); }
  double number(const char* key, double otherwise) const { return has(key) ? number_of(at(key)) : otherwise; }
  bool flag(const char* key) const { return has(key) && at(key).get<bool>(); }
  /// The argument at this position or of this name; null if it is not given.
  Json given(std::size_t i, const char* key) const { return has(key) ? at(key) : i < args() ? arg(i) : Json(); }
  bool is_integers(std::size_t i) const { return is_tensor(i) && arg(i).at("tensor").at("dtype") == "int64"; }
  Tensor<std::int64_t> integers(std::size_t i) const { return tensor_of<std::int64_t>(arg(i).at("tensor")); }
  Index<double> index(std::size_t i) { return tape_.indices(integers(i)); }
  V named(const char* key) const { return var(at(key)); }
  Reduction reduction() const {
    const std::string how = has("reduction") ? at("reduction").get<std::string>() : "mean";
    return how == "sum" || how == "batchmean" ? Reduction::sum : how == "none" ? Reduction::none : Reduction::mean;
  }

 private:
  V var(const Json& j) const {
    const auto found = vars_.find(&j);
    if (found == vars_.end()) throw Skip{"an argument that is no tensor of numbers"};
    return found->second;
  }
  void enter(const Json& j) {
    if (j.is_array()) {
      for (const Json& part : j) enter(part);
    } else if (j.is_object() && j.contains("tensor")) {
      if (j.at("tensor").at("dtype") == "int64") return;
      const V leaf = tape_.leaf(tensor_of<double>(j.at("tensor")));
      vars_.emplace(&j, leaf);
      if (j.contains("grad") && j.at("grad").get<bool>()) leaves_.push_back(leaf);
    } else if (j.is_object()) {
      for (const auto& [key, part] : j.items()) enter(part);
    }
  }

  const Json& row_;
  Tape<double> tape_;
  std::map<const Json*, V> vars_;
  Vs leaves_;
};

// ---- translating arguments

inline Axes axes_of(const Json& dims) {
  if (dims.is_null() || (dims.is_array() && dims.empty())) return Axes::all();
  if (dims.is_array()) return Axes(dims.get<std::vector<int>>());
  return Axes(dims.get<int>());
}
/// PyTorch lets one number have an axis 0.
inline V reduced(const Call& c, V (*f)(V, const Axes&, bool, Source)) {
  const Json dims = c.given(0, "dim"), keep = c.given(1, "keepdim");
  const bool keepdims = keep.is_boolean() && keep.get<bool>();
  const V x = c.x();
  return x.shape().rank() == 0 ? f(x, Axes::all(), false, Source::here())
                               : f(x, axes_of(dims), keepdims, Source::here());
}
inline int axis_of(const Json& dim, int rank) {
  const int axis = dim.get<int>();
  return axis < 0 ? axis + std::max(rank, 1) : axis;
}
inline std::vector<std::int64_t> dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }
inline V at_row(V x, int axis, std::int64_t i) {
  auto dims = dims_of(x.shape());
  dims.erase(dims.begin() + axis);
  return reshape(slice(x, axis, i, i == -1 ? kEnd : i + 1), Shape(dims));
}
inline Vs parts(V x, int axis, const std::vector<std::int64_t>& sizes) {
  Vs out;
  std::int64_t start = 0;
  for (const std::int64_t n : sizes) {
    out.push_back(slice(x, axis, start, start + n));
    start += n;
  }
  return out;
}
inline Vs parts(V x, int axis, std::int64_t each) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t left = x.shape()[axis]; left > 0; left -= each) sizes.push_back(std::min(each, left));
  return parts(x, axis, sizes);
}
inline V expanded(const Call& c) {
  auto to = c.arg(0).get<std::vector<std::int64_t>>();
  const auto from = dims_of(c.x().shape());
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == -1) to[i] = from.at(i + from.size() - to.size());
  }
  return broadcast_to(c.x(), Shape(to));
}
inline V permuted(V x, const std::vector<int>& axes) {
  std::vector<int> order;
  for (const int a : axes) order.push_back(a < 0 ? a + x.shape().rank() : a);
  return transpose(x, order);
}
inline V along_axis(const Call& c, V (*f)(V, int, Source)) {
  const V x = c.x();
  if (x.shape().rank() == 0) return reshape(f(reshape(x, {1}), 0, Source::here()), Shape{});
  return f(x, c.given(0, "dim").get<int>(), Source::here());
}
inline V times(double factor, V x) { return factor == 1 ? x : factor * x; }
/// The axes and the correction of var, std and their kin: by flag, by `unbiased`, or as a number.
template <class F>
V spread(const Call& c, F f) {
  const bool flagged = c.args() > 0 && c.arg(0).is_boolean();  // var(unbiased)
  const bool biased = (flagged && !c.arg(0).get<bool>()) || (c.has("unbiased") && !c.flag("unbiased"));
  const double correction = biased ? 0 : c.number("correction", 1);
  return f(c.x(), axes_of(flagged ? Json() : c.given(0, "dim")), correction, c.flag("keepdim"), Source::here());
}
inline V linear(V x, V w) { return matmul(x, transpose(w)); }

template <V (*f)(V, Source)>
Vs one(Call& c) {
  return {f(c.x(), Source::here())};
}
template <auto f>
Vs two(Call& c) {
  return {f(c.x(), c.operand(0))};
}
#define BINARY(name) [](Call& c) { return Vs{name(c.x(), c.operand(0))}; }

using Translation = std::function<Vs(Call&)>;
using Translations = std::map<std::string, Translation>;

}  // namespace wengert::test::torch
