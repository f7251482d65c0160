#include "autodiff/transform/pullback.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "autodiff/ops/broadcast.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

namespace {

template <class T>
class Sweep {
 public:
  Sweep(Tape<T>& tape, std::span<const Var<T>> outputs, std::span<const Var<T>> wrt) : tape_(tape) {
    first_ = tape.size();
    NodeId last = 0;
    for (const Var<T>& w : wrt) first_ = std::min(first_, w.id());
    for (const Var<T>& y : outputs) last = std::max(last, y.id());
    end_ = std::max(first_, last + 1);
    // Active is what depends on wrt. Indices are in topological order, so one pass finds it.
    active_.assign(end_ - first_, false);
    cotangent_.assign(end_ - first_, Var<T>());
    for (const Var<T>& w : wrt) {
      if (w.id() < end_) active_[w.id() - first_] = true;
    }
    for (NodeId id = first_; id < end_; ++id) {
      for (const NodeId x : tape.inputs(id)) {
        if (x >= first_ && active_[x - first_]) active_[id - first_] = true;
      }
    }
  }

  bool is_active(NodeId id) const { return id >= first_ && id < end_ && active_[id - first_]; }
  Var<T> cotangent(NodeId id) const { return is_active(id) ? cotangent_[id - first_] : Var<T>(); }

  /// Delivers g to a node: summed or stretched to its shape, added to what is there.
  void deliver(NodeId id, Var<T> g) {
    if (g.empty() || !is_active(id)) return;
    const Shape& shape = tape_.shape(id);
    if (g.shape() != shape) g = broadcasts_to(g.shape(), shape) ? broadcast_to(g, shape) : sum_to(g, shape);
    Var<T>& slot = cotangent_[id - first_];
    slot = slot.empty() ? g : slot + g;
  }

  void run() {
    std::vector<Var<T>> x;
    std::vector<NodeId> inputs;
    std::vector<bool> wanted;
    for (NodeId id = end_; id-- > first_;) {
      const Var<T> g = cotangent(id);
      if (g.empty() || tape_.node(id).op->kind <= Kind::placeholder) continue;
      const typename Tape<T>::Rule rule(tape_, id);
      const auto ids = tape_.inputs(id);
      inputs.assign(ids.begin(), ids.end());  // recording moves the tape's arrays
      x.clear();
      for (const NodeId input : inputs) x.push_back(tape_.var(input));
      const OpTable<T>& op = *tape_.node(id).op;
      alignas(8) std::byte attributes[kAttributeBytes];
      if (op.attribute_bytes != 0) {
        std::copy_n(static_cast<const std::byte*>(tape_.attributes(id)), op.attribute_bytes, attributes);
      }
      if (op.vjp_all != nullptr) {
        wanted.clear();
        for (const NodeId input : inputs) wanted.push_back(is_active(input));
        const std::vector<Var<T>> all = op.vjp_all(attributes, g, x, tape_.var(id), wanted);
        for (std::size_t i = 0; i < inputs.size(); ++i) deliver(inputs[i], all[i]);
        continue;
      }
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!is_active(inputs[i])) continue;
        deliver(inputs[i], op.vjp(attributes, static_cast<int>(i), g, x, tape_.var(id)));
      }
    }
  }

 private:
  Tape<T>& tape_;
  NodeId first_ = 0, end_ = 0;
  std::vector<bool> active_;
  std::vector<Var<T>> cotangent_;
};

}  // namespace

template <class T>
std::vector<Var<T>> pullback(std::span<const Var<T>> outputs, std::span<const Var<T>> seeds,
                             std::span<const Var<T>> wrt, Source where, const char* operation) {
  if (outputs.size() != seeds.size()) {
    throw UsageError(locate(
        operation, fmt::format("one seed per output is needed (given: {}, outputs: {})", seeds.size(), outputs.size()),
        where));
  }
  if (outputs.empty() || outputs[0].empty()) throw UsageError(locate(operation, "an empty Var has no tape", where));
  Tape<T>& tape = outputs[0].tape();
  for (const auto list : {outputs, seeds, wrt}) {
    for (const Var<T>& v : list) tape.expect_mine(operation, v, where);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].shape() == seeds[i].shape()) continue;
    throw ShapeError(locate(
        operation,
        fmt::format("y has shape {} but its seed {}", to_string(outputs[i].shape()), to_string(seeds[i].shape())),
        where));
  }
  const typename Tape<T>::AllOrNothing guard(tape, where);
  Sweep<T> sweep(tape, outputs, wrt);
  for (std::size_t i = 0; i < outputs.size(); ++i) sweep.deliver(outputs[i].id(), seeds[i]);
  sweep.run();
  std::vector<Var<T>> out;
  out.reserve(wrt.size());
  for (const Var<T>& w : wrt) {
    const Var<T> g = sweep.cotangent(w.id());
    out.push_back(g.empty() ? tape.constant(T(0), tape.shape(w.id()), where) : g);
  }
  return out;
}

#define INSTANTIATE(T)                                                                                             \
  template std::vector<Var<T>> pullback(std::span<const Var<T>>, std::span<const Var<T>>, std::span<const Var<T>>, \
                                        Source, const char*)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
