// Random expressions over the whole registry: made from a plan of small numbers, so that they can be shrunk; recorded
// again on any tape; evaluated without fusing.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "autodiff/autodiff.hpp"
#include "autodiff/ops/registry.hpp"

namespace wengert::test {

/// One operation of an expression. All numbers count modulo what there is to choose from.
struct Step {
  int op = 0;
  int sample = 0;        ///< attributes and shapes, where they do not follow from the operands
  int operands[3] = {};  /// counted back from the newest value
  int stretch = 0;       ///< bits: the axes along which a second operand is broadcast
};
struct Plan {
  int seed = 0;             ///< of the leaves' elements
  std::vector<int> leaves;  ///< their shapes
  std::vector<Step> steps;
};

template <class T>
const std::vector<Entry<T>>& all_operations() {
  static const std::vector<Entry<T>> all = [] {
    std::vector<Entry<T>> out;
    for (Entry<T>& entry : registry<T>()) {
      if (entry.table->name != "stop_gradient") out.push_back(std::move(entry));  // differences see through it
    }
    return out;
  }();
  return all;
}

/// The operation of this name: how printed expressions say what has attributes.
template <class T>
const OpTable<T>& operation(std::string_view name) {
  for (const Entry<T>& entry : registry<T>()) {
    if (entry.table->name == name) return *entry.table;
  }
  throw std::runtime_error("operation: there is none called " + std::string(name));
}
template <class T>
Var<T> apply(Tape<T>& tape, std::string_view name, const std::vector<std::uint64_t>& attributes,
             const std::vector<Var<T>>& x, const Shape& shape) {
  std::vector<NodeId> ids;
  for (const Var<T>& v : x) ids.push_back(v.id());
  return tape.append(operation<T>(name), attributes.data(), ids, shape, Source::here());
}

/// What a plan comes to: y of x, on a tape that holds nothing else.
struct Expression {
  Tape<double> tape;
  std::vector<Var<double>> x;
  Var<double> y;
  std::vector<std::string_view> operations;  ///< those of the plan that were kept

  explicit Expression(const Plan& plan);
  std::vector<Tensor<double>> inputs() {
    std::vector<Tensor<double>> out;
    for (const Var<double>& v : x) out.push_back(value(v));
    return out;
  }

 private:
  void take(const Step& step, const Plan& plan);
  Var<double> pick(int back) const {
    return values_[values_.size() - 1 - static_cast<std::size_t>(back) % values_.size()];
  }

  std::vector<Var<double>> values_;
};

/// What y needs, in order.
template <class T>
std::vector<NodeId> needed(const Tape<T>& tape, const std::vector<Var<T>>& outputs) {
  std::vector<bool> wanted(tape.size(), false);
  for (const Var<T>& y : outputs) wanted[y.id()] = true;
  std::vector<NodeId> out;
  for (NodeId id = tape.size(); id-- > 0;) {
    if (!wanted[id]) continue;
    out.push_back(id);
    for (const NodeId x : tape.inputs(id)) wanted[x] = true;
  }
  return {out.rbegin(), out.rend()};
}

/// Records y of `from` again, with x in place of the leaves `of`, in any type.
template <class T>
Var<T> record_again(const Tape<double>& from, Var<double> y, const std::vector<Var<double>>& of,
                    const std::vector<Var<T>>& x) {
  Tape<T>& tape = x[0].tape();
  std::map<NodeId, Var<T>> copy;
  for (std::size_t i = 0; i < of.size(); ++i) copy[of[i].id()] = x[i];
  for (const NodeId id : needed(from, std::vector<Var<double>>{y})) {
    if (copy.contains(id)) continue;
    const Node<double>& node = from.node(id);
    const Shape& shape = from.shape(id);
    if (node.op->kind == Kind::constant) {
      copy[id] = tape.constant(static_cast<T>(from.constant_value(id)), shape);
    } else if (node.op->kind == Kind::index) {
      copy[id] = tape.indices(Tensor<std::int64_t>(shape, from.leaf_storage(id)->integers.data())).node();
    } else {
      std::vector<NodeId> inputs;
      for (const NodeId input : from.inputs(id)) inputs.push_back(copy.at(input).id());
      copy[id] = tape.append(operation<T>(node.op->name), from.attributes(id), inputs, shape, Source::here());
    }
  }
  return copy.at(y.id());
}

/// Values of the outputs, each node computed alone, by its definition in other operations where it has one. With
/// `noise`, each result is off by so much of itself, up or down.
inline std::vector<Tensor<double>> one_by_one(const Tape<double>& tape, const std::vector<Var<double>>& outputs,
                                              double noise = 0, std::uint64_t seed = 0) {
  Random random(seed);
  std::map<NodeId, Tensor<double>> values;
  for (const NodeId id : needed(tape, outputs)) {
    const Node<double>& node = tape.node(id);
    if (node.op->kind == Kind::index) continue;
    Tensor<double>& out = values[id];
    if (node.op->kind == Kind::leaf) {
      out = Tensor<double>(tape.shape(id), tape.leaf_storage(id)->floats.data());
    } else if (node.op->kind == Kind::constant) {
      out = full(tape.shape(id), tape.constant_value(id));
      continue;
    } else {
      Tape<double> alone;
      std::vector<Var<double>> x;
      std::vector<NodeId> ids;
      for (const NodeId input : tape.inputs(id)) {
        const bool is_index = tape.node(input).op->kind == Kind::index;
        x.push_back(
            is_index ? alone.indices(Tensor<std::int64_t>(tape.shape(input), tape.leaf_storage(input)->integers.data()))
                           .node()
                     : alone.leaf(values.at(input)));
        ids.push_back(x.back().id());
      }
      out = value(node.op->expand != nullptr
                      ? node.op->expand(tape.attributes(id), x)
                      : alone.append(*node.op, tape.attributes(id), ids, tape.shape(id), Source::here()));
    }
    if (noise == 0) continue;
    for (double& v : out) v *= 1 + (random.below(2) == 0 ? noise : -noise);
  }
  std::vector<Tensor<double>> out;
  for (const Var<double>& y : outputs) out.push_back(values.at(y.id()));
  return out;
}

// ---- making

/// x as a tensor of this shape: as it is, stretched, or its elements repeated and cut.
inline Var<double> fitted(Var<double> x, const Shape& shape) {
  if (x.shape() == shape) return x;
  if (x.shape().size() == shape.size()) return reshape(x, shape);
  if (broadcasts_to(x.shape(), shape)) return broadcast_to(x, shape);
  Var<double> flat = reshape(x, {-1});
  const std::int64_t n = x.shape().size(), wanted = shape.size();
  if (n < wanted) flat = tile(flat, {(wanted + n - 1) / n});
  return reshape(narrow(flat, 0, 0, wanted), shape);
}
/// x if all its elements lie in the interval, else a wave through it.
inline Var<double> inside(Var<double> x, Interval range) {
  bool fits = true;
  for (const double v : value(x)) fits = fits && range.low <= v && v <= range.high;
  if (fits) return x;
  return (range.high + range.low) / 2 + (range.high - range.low) / 2 * sin(x);
}

inline Expression::Expression(const Plan& plan) {
  static const Shape shapes[] = {{}, {3}, {2, 3}, {1}, {3, 1}, {1, 4}, {2, 1, 3}, {4}, {2, 2}};
  Random random(static_cast<std::uint64_t>(plan.seed));
  for (const int s : plan.leaves) {
    const Shape& shape = shapes[static_cast<std::size_t>(s) % std::size(shapes)];
    x.push_back(tape.leaf(uniform<double>(shape, -2, 2, random)));
    values_.push_back(x.back());
  }
  for (const Step& step : plan.steps) take(step, plan);
  y = values_.back();
}

inline void Expression::take(const Step& step, const Plan& plan) {
  const auto& all = all_operations<double>();
  const Entry<double>& entry = all[static_cast<std::size_t>(step.op) % all.size()];
  const OpTable<double>& op = *entry.table;
  const Sample& sample = entry.samples[static_cast<std::size_t>(step.sample) % entry.samples.size()];
  if (sample.shape.size() == 0) return;
  const bool is_map = op.kind == Kind::map;
  Random random(static_cast<std::uint64_t>(plan.seed), operations.size() + 1);
  std::vector<Shape> shapes = sample.inputs;
  std::vector<NodeId> ids;
  for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
    if (static_cast<int>(i) == sample.index_input) {
      Tensor<std::int64_t> integers(sample.inputs[i]);
      for (auto& v : integers) v = random.below(sample.index_bound);
      ids.push_back(tape.indices(integers).node().id());
      continue;
    }
    Var<double> operand = pick(step.operands[i < 3 ? i : 2]);
    if (is_map && i == 0) shapes[0] = operand.shape();
    if (is_map && i > 0 && !(broadcasts_to(operand.shape(), shapes[0]) || broadcasts_to(shapes[0], operand.shape()))) {
      std::vector<std::int64_t> dims(shapes[0].begin(), shapes[0].end());
      for (std::size_t axis = 0; axis < dims.size(); ++axis) {
        if ((step.stretch >> axis & 1) != 0) dims[axis] = 1;
      }
      operand = fitted(operand, Shape(dims));
    }
    if (is_map) {
      shapes[i] = operand.shape();
    } else {
      if (sample.inputs[i].size() == 0) return;
      operand = fitted(operand, sample.inputs[i]);
    }
    operand = inside(operand, op.doc->domain[i < 3 ? i : 2]);
    if (i == 0 && sample.diagonal != 0) {
      operand = operand + diag(tape.constant(sample.diagonal, Shape{sample.inputs[0][-1]}));
    }
    ids.push_back(operand.id());
  }
  Shape shape = sample.shape;
  try {
    if (is_map) shape = op.shape(nullptr, shapes);
  } catch (const ShapeError&) {
    return;  // three operands need not broadcast
  }
  const Var<double> result = tape.append(op, sample.attributes.data(), ids, shape, Source::here());
  for (const double v : value(result)) {
    if (!(std::abs(v) < 1e3)) return;
  }
  operations.push_back(op.name);
  values_.push_back(result);
}

}  // namespace wengert::test
