#include "autodiff/transform/checkpoint.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <unordered_map>

#include "autodiff/tensor/error.hpp"
#include "autodiff/transform/pullback.hpp"

namespace wengert {

namespace {

/// x once more as another value, computed from after g: what separates a second run of f from its first.
template <class T>
OpTable<T> recompute_table() {
  OpTable<T> op;
  op.name = "recompute";
  op.id = hash_name(op.name);
  op.kind = Kind::view;
  op.barrier = true;
  op.inputs = 2;
  op.view = [](const void*, const Window& in, const Shape&) -> std::optional<Window> { return in; };
  op.vjp = [](const void*, int input, Var<T> g, std::span<const Var<T>>, Var<T>) { return input == 0 ? g : Var<T>(); };
  return op;
}
template <class T>
const OpTable<T> kRecompute = recompute_table<T>();

/// The attribute of a checkpoint: how many nodes before it f recorded. A second run repeats them one by one, so that a
/// checkpoint inside f finds its own at the same distance.
struct Inside {
  std::uint32_t count;
};

/// Reads f(x), then all that f read; its value is the first.
template <class T>
std::vector<Var<T>> second_run(const void* attributes, Var<T> g, std::span<const Var<T>> x, Var<T> y,
                               const std::vector<bool>&) {
  Tape<T>& tape = y.tape();
  const NodeId last = y.id(), first = last - static_cast<const Inside*>(attributes)->count;
  std::vector<Var<T>> again;
  std::unordered_map<NodeId, NodeId> outside;
  for (const Var<T>& input : x.subspan(1)) {
    const NodeId from[] = {input.id(), g.id()};
    again.push_back(tape.append(kRecompute<T>, nullptr, from, tape.shape(input.id()), Source()));
    outside[input.id()] = again.back().id();
  }
  const NodeId repeated = tape.size();
  const auto place = [&](NodeId id) {
    if (id >= first) return repeated + (id - first);
    const auto at = outside.find(id);
    return at == outside.end() ? id : at->second;  // integers stay
  };
  std::vector<NodeId> inputs;
  for (NodeId id = first; id < last; ++id) {
    inputs.clear();
    for (const NodeId input : tape.inputs(id)) inputs.push_back(place(input));
    tape.repeat(id, inputs);
  }
  const Var<T> value = tape.var(place(x[0].id()));
  std::vector<Var<T>> out = pullback<T>(std::span(&value, 1), std::span(&g, 1), again, Source(), "checkpoint");
  out.insert(out.begin(), Var<T>());
  return out;
}

template <class T>
OpTable<T> checkpoint_table() {
  OpTable<T> op;
  op.name = "checkpoint";
  op.id = hash_name(op.name);
  op.kind = Kind::view;
  op.alias = true;
  op.inputs = kAnyNumber;
  op.attribute_bytes = sizeof(Inside);
  op.vjp_all = second_run<T>;
  return op;
}
template <class T>
const OpTable<T> kCheckpoint = checkpoint_table<T>();

/// What the nodes from `first` on read of those before it.
template <class T>
std::set<NodeId> read_outside(const Tape<T>& tape, NodeId first, Source where) {
  std::set<NodeId> outside;
  for (NodeId id = first; id < tape.size(); ++id) {
    const Kind kind = tape.node(id).op->kind;
    if (kind == Kind::leaf || kind == Kind::index) {
      throw UsageError(locate("checkpoint",
                              fmt::format("the function makes a leaf at {}, which a second run would make again: make "
                                          "it before",
                                          to_string(tape.node(id).where)),
                              where));
    }
    for (const NodeId input : tape.inputs(id)) {
      if (input < first && tape.node(input).op->kind != Kind::index) outside.insert(input);
    }
  }
  return outside;
}

}  // namespace

template <class T>
Var<T> checkpoint(const std::function<Var<T>(std::span<const Var<T>> x)>& f, std::span<const Var<T>> x, Source where) {
  if (x.empty() || x[0].empty()) throw UsageError(locate("checkpoint", "an empty Var has no tape", where));
  Tape<T>& tape = x[0].tape();
  for (const Var<T>& v : x) tape.expect_mine("checkpoint", v, where);
  if (!f) throw UsageError(locate("checkpoint", "the function is empty", where));
  const typename Tape<T>::AllOrNothing guard(tape, where);
  const NodeId first = tape.size();
  const Var<T> y = f(x);
  tape.expect_mine("checkpoint", y, where);
  if (y.id() < first) return y;  // nothing was computed
  std::vector<NodeId> inputs = {y.id()};
  for (const NodeId id : read_outside(tape, first, where)) inputs.push_back(id);
  const Inside attributes{tape.size() - first};
  return tape.append(kCheckpoint<T>, &attributes, inputs, y.shape(), where);
}

template <class T>
Var<T> checkpoint_sequential(const std::vector<std::function<Var<T>(Var<T>)>>& layers, Var<T> x, std::size_t segments,
                             Source where) {
  const std::size_t n = layers.size();
  if (segments > n) {
    throw UsageError(locate("checkpoint_sequential", fmt::format("{} segments of {} layers", segments, n), where));
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (!layers[i]) throw UsageError(locate("checkpoint_sequential", fmt::format("layer {} is empty", i), where));
  }
  if (segments == 0) segments = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(n))));
  for (std::size_t s = 0; s < segments; ++s) {
    const auto segment = [&](Var<T> a) {
      for (std::size_t i = s * n / segments; i < (s + 1) * n / segments; ++i) a = layers[i](a);
      return a;
    };
    x = checkpoint(segment, x, where);
  }
  return x;
}

#define INSTANTIATE(T)                                                                                                \
  template Var<T> checkpoint(const std::function<Var<T>(std::span<const Var<T>>)>&, std::span<const Var<T>>, Source); \
  template Var<T> checkpoint_sequential(const std::vector<std::function<Var<T>(Var<T>)>>&, Var<T>, std::size_t, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
