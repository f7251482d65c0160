#include "autodiff/transform/custom.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "autodiff/ops/table.hpp"

namespace wengert {

namespace {

/// What a rule gives, checked.
template <class T>
std::vector<Var<T>> cotangents(std::string_view name, const Rule<T>& rule, std::span<const Var<T>> x, Var<T> y,
                               Var<T> g) {
  const std::string operation(name);
  const Source where = y.tape().node(y.id()).where;
  std::vector<Var<T>> out = rule(x, y, g);
  if (out.size() != x.size()) {
    throw UsageError(
        locate(operation, fmt::format("the rule gives {} cotangents for {} inputs", out.size(), x.size()), where));
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (out[i].empty()) continue;
    y.tape().expect_mine(operation, out[i], where);
    if (out[i].shape() == x[i].shape()) continue;
    throw ShapeError(locate(operation,
                            fmt::format("the rule gives input {} of shape {} a cotangent of shape {}", i,
                                        to_string(x[i].shape()), to_string(out[i].shape())),
                            where));
  }
  return out;
}

/// An attribute that points to an object the tape keeps.
template <class Object>
struct Pointer {
  const Object* object;
  static const Object& at(const void* attributes) { return *internal::attributes_as<Pointer>(attributes).object; }
};

/// Reads f(x), then x: the first is the value, the others get the cotangents.
template <class T>
OpTable<T> custom_vjp_table() {
  OpTable<T> op;
  op.name = "custom_vjp";
  op.id = hash_name(op.name);
  op.kind = Kind::view;
  op.alias = true;
  op.inputs = kAnyNumber;
  op.attribute_bytes = sizeof(Pointer<Rule<T>>);
  op.vjp_all = [](const void* at, Var<T> g, std::span<const Var<T>> x, Var<T> y, const std::vector<bool>&) {
    std::vector<Var<T>> out = cotangents<T>("custom_vjp", Pointer<Rule<T>>::at(at), x.subspan(1), y, g);
    out.insert(out.begin(), Var<T>());
    return out;
  };
  return op;
}
template <class T>
const OpTable<T> kCustomVjp = custom_vjp_table<T>();

/// The nodes from `first` on read nothing before it but x, constants, and what stop_gradient guards.
template <class T>
void expect_closed(Tape<T>& tape, NodeId first, std::span<const Var<T>> x, Source where) {
  for (NodeId id = first; id < tape.size(); ++id) {
    if (tape.node(id).op->name == "stop_gradient") continue;
    for (const NodeId input : tape.inputs(id)) {
      const Kind kind = tape.node(input).op->kind;
      if (input >= first || kind == Kind::constant || kind == Kind::index) continue;
      if (std::ranges::any_of(x, [&](const Var<T>& v) { return v.id() == input; })) continue;
      throw UsageError(locate("custom_vjp",
                              fmt::format("the function reads a Var recorded at {} that is not among its inputs, and "
                                          "would have no derivative: give it as an input, or read stop_gradient of it",
                                          to_string(tape.node(input).where)),
                              where));
    }
  }
}

}  // namespace

template <class T>
Var<T> custom_vjp(const std::function<Var<T>(std::span<const Var<T>> x)>& f, Rule<T> rule, std::span<const Var<T>> x,
                  Source where) {
  if (x.empty() || x[0].empty()) throw UsageError(locate("custom_vjp", "an empty Var has no tape", where));
  Tape<T>& tape = x[0].tape();
  for (const Var<T>& v : x) tape.expect_mine("custom_vjp", v, where);
  if (!f || !rule) throw UsageError(locate("custom_vjp", "the function or its rule is empty", where));
  const typename Tape<T>::AllOrNothing guard(tape, where);
  const NodeId first = tape.size();
  const Var<T> y = f(x);
  tape.expect_mine("custom_vjp", y, where);
  expect_closed(tape, first, x, where);
  std::vector<NodeId> inputs = {y.id()};
  for (const Var<T>& v : x) inputs.push_back(v.id());
  auto kept = std::make_shared<const Rule<T>>(std::move(rule));
  const Pointer<Rule<T>> attributes{kept.get()};
  const Var<T> out = tape.append(kCustomVjp<T>, &attributes, inputs, y.shape(), where);
  tape.keep(std::move(kept));
  return out;
}

template <class T>
struct CustomKernel<T>::State : std::enable_shared_from_this<State> {
  using At = Pointer<State>;

  explicit State(Kernel<T> given) : how(std::move(given)) {
    table.name = how.name;
    table.id = hash_name("custom_kernel");  // which one it is, its attributes say
    table.kind = Kind::kernel;
    table.custom = true;
    table.inputs = kAnyNumber;
    table.attribute_bytes = sizeof(At);
    table.owner = [](const void* at) -> std::shared_ptr<const void> { return At::at(at).shared_from_this(); };
    table.run = [](const void* at, std::span<const View<const T>> in, std::span<const std::int64_t* const>,
                   const View<T>& out) { At::at(at).how.run(in, out); };
    table.shape = [](const void* at, std::span<const Shape> x) {
      const auto& shape = At::at(at).how.shape;
      if (const auto* fixed = std::get_if<Shape>(&shape)) return *fixed;
      if (const auto* f = std::get_if<2>(&shape)) return (*f)(x);
      return x[0];
    };
    table.vjp_all = [](const void* at, Var<T> g, std::span<const Var<T>> x, Var<T> y, const std::vector<bool>&) {
      const Kernel<T>& kernel = At::at(at).how;
      if (kernel.vjp) return cotangents<T>(kernel.name, kernel.vjp, x, y, g);
      throw UsageError(locate(kernel.name, "this kernel has no vjp", y.tape().node(y.id()).where));
    };
  }

  Kernel<T> how;
  OpTable<T> table;
};

template <class T>
CustomKernel<T>::CustomKernel(Kernel<T> how, Source where) {
  if (!how.run) throw UsageError(locate("custom_kernel", fmt::format("{} has no function to run", how.name), where));
  state_ = std::make_shared<const State>(std::move(how));
}

template <class T>
Var<T> CustomKernel<T>::operator()(std::span<const Var<T>> x, Source where) const {
  const Pointer<State> attributes{state_.get()};
  const Var<T> y = record<T>(state_->table, &attributes, x, where);
  y.tape().keep(state_);
  return y;
}

#define INSTANTIATE(T)                                                                                                \
  template Var<T> custom_vjp(const std::function<Var<T>(std::span<const Var<T>>)>&, Rule<T>, std::span<const Var<T>>, \
                             Source);                                                                                 \
  template class CustomKernel<T>
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
