/// From an op struct to its table, and recording by table. For the .cpp files of ops/ and the user's custom ops.
///
/// An op struct holds its attributes as fields, has `doc` and `kind`, and what its kind needs:
///
///   Shape shape(const Shape& a, …) const                              unless the caller gives the shape
///   Var<T> vjp<T>(Input<I>, Var<T> g, Var<T> x0, …, Var<T> y) const   per input; `NoGradient` in place of it
///   Var<T> expand<T>(Var<T> x0, …) const                              a fused op's definition in other ops
///   run / view / index_bound                                          see OpTable
///
/// `inputs` is their number. An op with `inputs = kAnyNumber` takes spans instead, and has one rule for all of them:
///
///   std::vector<Var<T>> vjp_all<T>(Var<T> g, x, Var<T> y, const std::vector<bool>& wanted) const
#pragma once

#include <fmt/format.h>

#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "autodiff/kernels/function.hpp"
#include "autodiff/tape/tape.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

/// What `run` is given: the inputs that are numbers, and those that are integers.
template <class T>
using Values = std::span<const View<const T>>;
using Positions = std::span<const std::int64_t* const>;

namespace internal {

template <class Op>
Op attributes_as(const void* bytes) {
  Op op{};
  if constexpr (!std::is_empty_v<Op>) std::memcpy(static_cast<void*>(&op), bytes, sizeof(Op));
  return op;
}

template <class T>
Var<T> cotangent(Var<T> g) {
  return g;
}
template <class T>
Var<T> cotangent(NoGradient) {
  return {};
}

template <class Op, class T, int I, std::size_t... X>
Var<T> vjp_of(const Op& op, Var<T> g, std::span<const Var<T>> x, Var<T> y, std::index_sequence<X...>) {
  return cotangent<T>(op.vjp(Input<I>{}, g, x[X]..., y));
}

template <class Op, class T, int... I>
Var<T> vjp_by_input(const Op& op, int input, Var<T> g, std::span<const Var<T>> x, Var<T> y,
                    std::integer_sequence<int, I...>) {
  Var<T> out;
  ((I == input ? void(out = vjp_of<Op, T, I>(op, g, x, y, std::make_index_sequence<sizeof...(I)>())) : void()), ...);
  return out;
}

template <class Op, std::size_t... X>
Shape shape_of(const Op& op, std::span<const Shape> x, std::index_sequence<X...>) {
  return op.shape(x[X]...);
}
template <class Op, class T, std::size_t... X>
Var<T> expand_of(const Op& op, std::span<const Var<T>> x, std::index_sequence<X...>) {
  return op.expand(x[X]...);
}

template <class Op, class T>
OpTable<T> make_table() {
  static_assert(std::is_trivially_copyable_v<Op> && sizeof(Op) <= kAttributeBytes);
  constexpr std::size_t inputs = Op::inputs == kAnyNumber ? 0 : static_cast<std::size_t>(Op::inputs);
  using Sequence = std::make_index_sequence<inputs>;
  OpTable<T> table;
  table.name = Op::doc.name;
  table.id = hash_name(Op::doc.name);
  table.kind = Op::kind;
  table.attribute_bytes = std::is_empty_v<Op> ? 0 : sizeof(Op);
  table.doc = &Op::doc;
  table.inputs = Op::inputs;
  if constexpr (Op::inputs == kAnyNumber) {
    table.vjp_all = [](const void* at, Var<T> g, std::span<const Var<T>> x, Var<T> y, const std::vector<bool>& wanted) {
      return attributes_as<Op>(at).vjp_all(g, x, y, wanted);
    };
    if constexpr (requires(const Op& op, std::span<const Shape> x) { op.shape(x); }) {
      table.shape = [](const void* at, std::span<const Shape> x) { return attributes_as<Op>(at).shape(x); };
    }
  } else {
    table.vjp = [](const void* at, int input, Var<T> g, std::span<const Var<T>> x, Var<T> y) {
      return vjp_by_input<Op, T>(attributes_as<Op>(at), input, g, x, y, std::make_integer_sequence<int, Op::inputs>());
    };
    if constexpr (requires { &Op::shape; }) {
      table.shape = [](const void* at, std::span<const Shape> x) {
        return shape_of(attributes_as<Op>(at), x, Sequence());
      };
    }
    if constexpr (requires { &Op::template expand<T>; }) {
      table.expand = [](const void* at, std::span<const Var<T>> x) {
        return expand_of<Op, T>(attributes_as<Op>(at), x, Sequence());
      };
    }
  }
  if constexpr (requires { Op::instruction; }) table.instruction = static_cast<std::uint16_t>(Op::instruction);
  if constexpr (requires { Op::alias; }) table.alias = Op::alias;
  if constexpr (requires { Op::row_result; }) table.row_result = Op::row_result;
  if constexpr (requires { Op::partner; }) {
    table.pair = static_cast<std::uint16_t>(Op::pair);
    table.partner = hash_name(Op::partner);
    table.pair_second = Op::pair_second;
  }
  if constexpr (requires { &Op::view; }) {
    table.view = [](const void* at, const Window& in, const Shape& out) -> std::optional<Window> {
      return attributes_as<Op>(at).view(in, out);
    };
  }
  if constexpr (requires(const Op& op) { op.factor; }) {
    table.factor = [](const void* at) { return attributes_as<Op>(at).factor; };
  }
  if constexpr (requires { &Op::template run<T>; }) {
    table.run = [](const void* at, std::span<const View<const T>> in, std::span<const std::int64_t* const> index,
                   const View<T>& out) { attributes_as<Op>(at).template run<T>(in, index, out); };
  }
  if constexpr (requires { &Op::index_bound; }) {
    table.index_bound = [](const void* at, std::span<const Shape> x) { return attributes_as<Op>(at).index_bound(x); };
  }
  return table;
}

std::string operand_list(std::span<const Shape> shapes);

}  // namespace internal

/// The one table of Op for element type T. Call it from the .cpp that defines Op's rules.
template <class Op, class T>
const OpTable<T>& table_of() {
  static const OpTable<T> table = internal::make_table<Op, T>();
  return table;
}

/// Appends a node of `op` reading `x`, whose shape follows from the op (`table.shape`). Checks tapes and handles;
/// an error of the rule becomes a sentence with the operation's name, the operands' shapes and `where`.
template <class T>
Var<T> record(const OpTable<T>& table, const void* attributes, std::span<const Var<T>> x, Source where);
/// The same with a shape the caller gives.
template <class T>
Var<T> record(const OpTable<T>& table, const void* attributes, std::span<const Var<T>> x, const Shape& shape,
              Source where);

template <class Op, class T, std::size_t N>
Var<T> record(const Op& op, const Var<T> (&x)[N], Source where) {
  return record<T>(table_of<Op, T>(), &op, std::span<const Var<T>>(x), where);
}
template <class Op, class T, std::size_t N>
Var<T> record(const Op& op, const Var<T> (&x)[N], const Shape& shape, Source where) {
  return record<T>(table_of<Op, T>(), &op, std::span<const Var<T>>(x), shape, where);
}

}  // namespace wengert
