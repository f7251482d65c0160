#include "autodiff/ops/elementwise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "autodiff/ops/registry.hpp"
#include "autodiff/ops/table.hpp"

namespace wengert {

namespace {

using kernels::instruction_of;

// ---- tables -------------------------------------------------------------------------------------------------------

template <class F, class T, std::size_t... X>
consteval bool has_arity(std::index_sequence<X...>) {
  constexpr int last = static_cast<int>(sizeof...(X)) - 1;
  return requires(Var<T> v) { F::slope(Input<last>{}, (void(X), v)..., v); }
  || requires(Var<T> v) { F::vjp(Input<last>{}, v, (void(X), v)..., v); };
}
template <class F, class T>
consteval std::size_t arity() {
  return has_arity<F, T>(std::make_index_sequence<3>()) ? 3 : has_arity<F, T>(std::make_index_sequence<2>()) ? 2 : 1;
}

/// The one rule of all elementwise operations: cotangent times slope.
template <class F, class T, int I, std::size_t... X>
Var<T> map_vjp(Var<T> g, std::span<const Var<T>> x, Var<T> y, std::index_sequence<X...>) {
  if constexpr (requires { F::vjp(Input<I>{}, g, x[X]..., y); }) {
    return F::vjp(Input<I>{}, g, x[X]..., y);
  } else {
    const auto slope = F::slope(Input<I>{}, x[X]..., y);
    if constexpr (std::is_same_v<decltype(slope), const NoGradient>) {
      return {};
    } else if constexpr (std::is_arithmetic_v<decltype(slope)>) {
      return slope == 1 ? g : slope == -1 ? -g : slope * g;
    } else {
      return chain(g, slope);
    }
  }
}
template <class F, class T, int... I>
Var<T> map_vjp_by_input(int input, Var<T> g, std::span<const Var<T>> x, Var<T> y, std::integer_sequence<int, I...>) {
  Var<T> out;
  ((I == input ? void(out = map_vjp<F, T, I>(g, x, y, std::make_index_sequence<sizeof...(I)>())) : void()), ...);
  return out;
}

template <class F, class T>
OpTable<T> make_map_table() {
  OpTable<T> table;
  table.name = F::doc.name;
  table.id = hash_name(F::doc.name);
  table.kind = Kind::map;
  table.doc = &F::doc;
  table.instruction = static_cast<std::uint16_t>(instruction_of<F>());
  table.inputs = static_cast<int>(arity<F, T>());
  table.shape = [](const void*, std::span<const Shape> x) {
    Shape shape = x[0];
    for (const Shape& s : x.subspan(1)) shape = broadcast(shape, s);
    return shape;
  };
  table.vjp = [](const void*, int input, Var<T> g, std::span<const Var<T>> x, Var<T> y) {
    return map_vjp_by_input<F>(input, g, x, y, std::make_integer_sequence<int, static_cast<int>(arity<F, T>())>());
  };
  return table;
}

template <class P, class T>
void enter_pair(std::vector<OpTable<T>>& tables) {
  const auto first = static_cast<std::size_t>(instruction_of<typename P::First>());
  const auto second = static_cast<std::size_t>(instruction_of<typename P::Second>());
  tables[first].pair = tables[second].pair = static_cast<std::uint16_t>(kernels::pair_instruction<P>());
  tables[first].partner = tables[second].id;
  tables[second].partner = tables[first].id;
  tables[second].pair_second = true;
}

template <class T, class... F, class... P>
std::vector<OpTable<T>> make_tables(const std::tuple<F...>*, const std::tuple<P...>*) {
  std::vector<OpTable<T>> tables = {make_map_table<F, T>()...};
  (enter_pair<P>(tables), ...);
  return tables;
}

// ---- what recording already knows ----------------------------------------------------------------------------------

template <class T>
class Simplifier {
 public:
  Simplifier(Tape<T>& tape, kernels::Instruction function, std::span<const Located<T>> x, const Shape& shape,
             Source where)
      : tape_(tape), function_(function), x_(x), shape_(shape), where_(where) {}

  /// An equal Var that is simpler to compute, if there is one. The same bits, but for the sign of a zero.
  std::optional<Var<T>> operator()() const {
    if (x_.size() == 1 && is<math::Negate>()) {
      if (const auto v = known(0)) return constant(-*v);
      if (const auto inner = negated(0)) return inner;
    }
    if (x_.size() == 1 && is<math::Reciprocal>()) {
      if (const auto v = known(0)) return constant(T(1) / *v);
    }
    if (x_.size() != 2) return {};
    const auto a = known(0), b = known(1);
    if (is<math::Multiply>() || is<math::Chain>()) {
      if (a && b) return constant(*a == 0 && is<math::Chain>() ? T(0) : *a * *b);
      if (a && *a == 1 && same_shape(1)) return x_[1].var();
      if (b && *b == 1 && same_shape(0)) return x_[0].var();
      if (is<math::Multiply>()) {  // signs move outward, where sums take them in
        const auto p = negated(0), q = negated(1);
        if (p && q) return record<math::Multiply>(Located<T>(*p, where_), Located<T>(*q, where_));
        if (p) return -record<math::Multiply>(Located<T>(*p, where_), x_[1]);
        if (q) return -record<math::Multiply>(x_[0], Located<T>(*q, where_));
        if (!a && !b && x_[0].var().id() == x_[1].var().id()) return record_unary<math::Square>(x_[0]);
      }
      if (is<math::Chain>() && ((a && *a == 0) || (b && *b == 0))) return constant(T(0));
      // A finite number that is not 0 hides no infinity, so the ordinary product will do.
      if (is<math::Chain>() && ((a && std::isfinite(*a)) || (b && std::isfinite(*b)))) return again<math::Multiply>();
    } else if (is<math::Add>()) {
      if (a && b) return constant(*a + *b);
      if (a && *a == 0 && same_shape(1)) return x_[1].var();
      if (b && *b == 0 && same_shape(0)) return x_[0].var();
      if (const auto inner = negated(1)) return record<math::Subtract>(x_[0], Located<T>(*inner, where_));
      if (const auto inner = negated(0)) return record<math::Subtract>(x_[1], Located<T>(*inner, where_));
    } else if (is<math::Subtract>()) {
      if (a && b) return constant(*a - *b);
      if (b && *b == 0 && same_shape(0)) return x_[0].var();
      if (const auto inner = negated(1)) return record<math::Add>(x_[0], Located<T>(*inner, where_));
    } else if (is<math::Divide>()) {
      if (a && b) return constant(*a / *b);
      if (b && *b == 1 && same_shape(0)) return x_[0].var();
    } else if (is<math::Pow>() && b) {
      if (a) return constant(std::pow(*a, *b));
      if (*b == 0) return constant(T(1));
      if (*b == 1 && same_shape(0)) return x_[0].var();
      if (*b == 2 && same_shape(0)) return record_unary<math::Square>(x_[0]);
      if (*b == -1 && same_shape(0)) return record_unary<math::Reciprocal>(x_[0]);
    }
    return {};
  }

 private:
  template <class F>
  bool is() const {
    return function_ == instruction_of<F>();
  }
  /// The value of operand i, if it is the same everywhere and known now.
  std::optional<T> known(std::size_t i) const {
    if (x_[i].is_number()) return x_[i].number();
    const NodeId id = x_[i].var().id();
    if (tape_.node(id).op->kind == Kind::constant) return tape_.constant_value(id);
    return {};
  }
  /// x, if operand i is -x.
  std::optional<Var<T>> negated(std::size_t i) const {
    if (x_[i].is_number()) return {};
    const NodeId id = x_[i].var().id();
    const OpTable<T>& op = *tape_.node(id).op;
    if (op.kind != Kind::map || op.instruction != static_cast<std::uint16_t>(instruction_of<math::Negate>())) return {};
    return tape_.var(tape_.inputs(id)[0]);
  }
  bool same_shape(std::size_t i) const { return !x_[i].is_number() && tape_.shape(x_[i].var().id()) == shape_; }
  Var<T> constant(T value) const { return tape_.constant(value, shape_, where_); }
  template <class F>
  Var<T> record(Located<T> a, Located<T> b) const {
    return record_map<T>(instruction_of<F>(), std::array{a, b}, where_);
  }
  template <class F>
  Var<T> record_unary(Located<T> x) const {
    return record_map<T>(instruction_of<F>(), std::array{x}, where_);
  }
  template <class F>
  Var<T> again() const {
    return record_map<T>(instruction_of<F>(), x_, where_);
  }

  Tape<T>& tape_;
  kernels::Instruction function_;
  std::span<const Located<T>> x_;
  const Shape& shape_;
  Source where_;
};

}  // namespace

template <class T>
std::span<const OpTable<T>> map_tables() {
  static const std::vector<OpTable<T>> tables =
      make_tables<T>(static_cast<math::Functions*>(nullptr), static_cast<math::Pairs*>(nullptr));
  return tables;
}

template <class T>
std::vector<Entry<T>> map_entries() {
  std::vector<Entry<T>> entries;
  for (const OpTable<T>& table : map_tables<T>()) {
    const auto n = static_cast<std::size_t>(table.inputs);
    const auto entry = [&](std::vector<Shape> inputs) {
      Sample out;
      out.shape = table.shape(nullptr, inputs);
      out.inputs = std::move(inputs);
      return out;
    };
    Entry<T> e{&table, {entry(std::vector<Shape>(n, Shape{3, 5})), entry(std::vector<Shape>(n, Shape{}))}};
    if (n == 2) e.samples.push_back(entry({Shape{2, 3}, Shape{3}}));
    if (n == 2) e.samples.push_back(entry({Shape{2, 1, 4}, Shape{3, 1}}));
    if (n == 3) e.samples.push_back(entry({Shape{3}, Shape{2, 1}, Shape{}}));
    entries.push_back(std::move(e));
  }
  return entries;
}

namespace {

/// The same operands with a leaf in place of each Tensor.
template <class T>
Var<T> record_with_leaves(kernels::Instruction function, std::span<const Located<T>> x, Tape<T>& tape, Source where) {
  const typename Tape<T>::AllOrNothing guard(tape, where);
  std::vector<Located<T>> operands(x.begin(), x.end());
  for (Located<T>& operand : operands) {
    if (operand.tensor() != nullptr) operand = Located<T>(tape.leaf(*operand.tensor(), where), where);
  }
  return record_map<T>(function, operands, where);
}

}  // namespace

template <class T>
Var<T> record_map(kernels::Instruction function, std::span<const Located<T>> x, Source where) {
  const OpTable<T>& table = map_tables<T>()[static_cast<std::size_t>(function)];
  Tape<T>* tape = nullptr;
  for (const Located<T>& operand : x) {
    if (operand.is_number() || operand.tensor() != nullptr) continue;
    if (operand.var().empty()) throw UsageError(locate(table.name, "an empty Var has no tape", where));
    if (tape == nullptr) {
      tape = &operand.var().tape();
      where = tape->line_of(where);
    }
    tape->expect_mine(table.name, operand.var(), where);
  }
  if (tape == nullptr) throw UsageError(locate(table.name, "no operand is a Var", where));
  if (std::ranges::any_of(x, [](const Located<T>& operand) { return operand.tensor() != nullptr; })) {
    return record_with_leaves(function, x, *tape, where);
  }
  const auto first = std::ranges::find_if(x, [](const Located<T>& operand) { return !operand.is_number(); });
  Shape joined = first->var().shape();
  for (const Located<T>& operand : x.subspan(static_cast<std::size_t>(first - x.begin()))) {
    if (operand.is_number()) continue;
    const Shape& shape = tape->shape(operand.var().id());
    if (shape == joined) continue;
    try {
      joined = broadcast(joined, shape);
    } catch (const ShapeError& fact) {
      throw ShapeError(locate(table.name, fact.what(), where));
    }
  }
  if (const auto simpler = Simplifier<T>(*tape, function, x, joined, where)()) return *simpler;
  NodeId ids[3];
  for (std::size_t i = 0; i < x.size(); ++i) {
    ids[i] = x[i].is_number() ? tape->constant(x[i].number(), {}, where).id() : x[i].var().id();
  }
  return tape->append(table, nullptr, {ids, x.size()}, joined, where);
}

#define INSTANTIATE(T)                               \
  template std::span<const OpTable<T>> map_tables(); \
  template std::vector<Entry<T>> map_entries();      \
  template Var<T> record_map(kernels::Instruction, std::span<const Located<T>>, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
