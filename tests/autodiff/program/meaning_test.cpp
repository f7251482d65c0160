// The rules of docs/semantics.md that belong to no single operation.
#include <doctest/doctest.h>

#include <set>
#include <type_traits>

#include "autodiff/autodiff.hpp"
#include "autodiff/ops/registry.hpp"

using namespace wengert;

namespace {

/// An operation of the user: y = 2 x. What it does when it runs or is differentiated is up to the test.
OpTable<double> doubling() {
  OpTable<double> op;
  op.name = "doubling";
  op.id = hash_name(op.name);
  op.inputs = 1;
  op.run = [](const void*, std::span<const View<const double>> in, std::span<const std::int64_t* const>,
              const View<double>& out) { *out.data = 2 * *in[0].data; };
  op.vjp = [](const void*, int, Var<double> g, std::span<const Var<double>>, Var<double>) { return 2 * g; };
  return op;
}
Var<double> apply(const OpTable<double>& op, Var<double> x) {
  const NodeId id = x.id();
  return x.tape().append(op, nullptr, std::span(&id, 1), x.shape(), Source::here());
}

template <class T>
double item(Var<T> x) {
  return value(x).item();
}

}  // namespace

TEST_CASE("a tape is neither copied nor moved, and a Var is a trivially copyable handle of 16 bytes") {
  static_assert(!std::is_copy_constructible_v<Tape<double>> && !std::is_move_constructible_v<Tape<double>>);
  static_assert(!std::is_copy_assignable_v<Tape<double>> && !std::is_move_assignable_v<Tape<double>>);
  static_assert(std::is_trivially_copyable_v<Var<double>> && sizeof(Var<double>) == 16);
  CHECK(Var<double>().empty());
}

TEST_CASE("a Var of a closed scope stays detected when its position is taken again, many scopes later") {
  Tape<double> tape;
  const auto x = tape.leaf(1.0);
  Var<double> stale;
  for (int i = 0; i < 500; ++i) {
    const auto scope = tape.scope();
    const auto y = x * 2.0;
    if (i == 0) stale = y;
    if (i != 0) CHECK_THROWS_AS(value(stale), UsageError);
    CHECK(item(y) == 2);
  }
  CHECK_THROWS_AS(value(stale), UsageError);
}

TEST_CASE("concatenate takes any number of parts") {
  Tape<double> tape;
  std::vector<Var<double>> parts;
  for (int i = 0; i < 1000; ++i) parts.push_back(tape.leaf(Tensor<double>{static_cast<double>(i)}));
  const auto y = concatenate(std::span<const Var<double>>(parts));
  CHECK(value(y) == arange(1000));
  CHECK(value(gradient(sum(y * y), parts[999])) == Tensor<double>{1998});
}

TEST_CASE("an operation is known by the hash of its name, in both types, and has at most 64 bytes of attributes") {
  std::set<std::uint64_t> ids;
  const auto doubles = registry<double>();
  const auto floats = registry<float>();
  for (std::size_t i = 0; i < doubles.size(); ++i) {
    const OpTable<double>& op = *doubles[i].table;
    CHECK(op.id == hash_name(op.name));
    CHECK(op.id == floats[i].table->id);
    CHECK(op.attribute_bytes <= 64);
    ids.insert(op.id);
  }
  CHECK(ids.size() == doubles.size());
}

TEST_CASE("comparisons give 0 or 1, also of NaN, and have no gradient") {
  Tape<double> tape;
  const auto x = tape.leaf({-1.0, 0.0, 1.0, std::nan("")});
  CHECK(value(x < 0) == Tensor<double>{1, 0, 0, 0});
  CHECK(value(x <= 0) == Tensor<double>{1, 1, 0, 0});
  CHECK(value(x > 0) == Tensor<double>{0, 0, 1, 0});
  CHECK(value(x >= 0) == Tensor<double>{0, 1, 1, 0});
  CHECK(value(equal(x, 0)) == Tensor<double>{0, 1, 0, 0});
  CHECK(value(not_equal(x, 0)) == Tensor<double>{1, 0, 1, 1});
  CHECK(value(gradient(sum(x < 0), x)) == zeros({4}));
}

TEST_CASE("a node made by a rule has the line of its forward node") {
  Tape<double> tape;
  const auto x = tape.leaf(0.5);
  const auto y = tanh(x);
  const std::uint32_t line = tape.node(y.id()).where.line();
  const auto g = gradient(y, x);
  CHECK(line + 2 == static_cast<std::uint32_t>(__LINE__) - 1);
  CHECK(tape.node(g.id()).where.line() == line);
  CHECK(tape.node(g.id()).forward == y.id());
  const auto h = gradient(g, x);
  CHECK(tape.node(h.id()).where.line() == line);
}

TEST_CASE("gradient, vjp, jvp, hvp and value_and_gradient give Vars; jacobian and hessian Tensors") {
  using V = Var<double>;
  static_assert(std::is_same_v<decltype(gradient(V(), V())), V>);
  static_assert(std::is_same_v<decltype(gradient(V(), std::vector<V>())), std::vector<V>>);
  static_assert(std::is_same_v<decltype(gradient(V(), {V(), V()})), std::array<V, 2>>);
  static_assert(std::is_same_v<decltype(vjp(V(), V(), V())), V> && std::is_same_v<decltype(jvp(V(), V(), V())), V>);
  static_assert(std::is_same_v<decltype(hvp(V(), V(), V())), V>);
  static_assert(std::is_same_v<decltype(value_and_gradient(V(), V())), std::pair<V, V>>);
  static_assert(std::is_same_v<decltype(jacobian(V(), V())), Tensor<double>>);
  static_assert(std::is_same_v<decltype(hessian(V(), V())), Tensor<double>>);
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0});
  const NodeId size = tape.size();
  const auto scope = tape.scope();
  const auto y = sum(x * x * x);
  const NodeId recorded = tape.size();
  CHECK(size < recorded);
  CHECK(hessian(y, x) == Tensor<double>{{6, 0}, {0, 12}});
  CHECK(tape.size() == recorded);  // nothing stays on the tape
}

TEST_CASE("a gradient whose rule throws half-way leaves the tape as before") {
  OpTable<double> op = doubling();
  op.vjp = [](const void*, int, Var<double>, std::span<const Var<double>>, Var<double>) -> Var<double> {
    throw ShapeError("doubling: no rule today");
  };
  Tape<double> tape;
  const auto x = tape.leaf(3.0);
  const auto y = exp(apply(op, x)) * x;
  const NodeId size = tape.size();
  CHECK_THROWS_AS(gradient(y, x), ShapeError);
  CHECK_THROWS_AS(jvp(y, x, x), ShapeError);
  CHECK_THROWS_AS(hessian(y, x), ShapeError);
  CHECK(tape.size() == size);
  CHECK(item(y) == doctest::Approx(3 * std::exp(6)));
}

TEST_CASE("a program gives the same bits run after run and through value") {
  Tape<float> tape;
  Random random(8);
  const auto x = tape.leaf(normal<float>(Shape{37, 19}, 0, 1, random)),
             W = tape.leaf(normal<float>(Shape{19, 11}, 0, 1, random));
  const auto y = softmax(matmul(tanh(x), W));
  const auto g = gradient(sum(y * y), W);
  auto program = compile(g);
  program.run();
  const Tensor<float> first = program.value();
  for (int i = 0; i < 5; ++i) {
    program.run();
    CHECK(program.value() == first);
  }
  CHECK(value(g) == first);
}

TEST_CASE("a chain of elementwise operations is one unit, and is cut after 64 nodes") {
  const auto units = [](int length) {
    Tape<double> tape;
    auto y = tape.leaf(zeros({1000}));
    for (int i = 0; i < length; ++i) y = sin(y);
    return compile(y).units().size();
  };
  CHECK(units(60) == 1);
  CHECK(units(100) == 2);
  CHECK(units(1000) <= 17);
}

TEST_CASE("a transposed, sliced or stretched operand of a product costs no unit of its own") {
  Tape<double> tape;
  const auto a = tape.leaf(arange(12)), b = tape.leaf(ones({4, 2}));
  const auto y = matmul(transpose(reshape(a, Shape{4, 3})), b);
  CHECK(compile(y).units().size() == 1);
  CHECK(value(y) == Tensor<double>{{18, 18}, {22, 22}, {26, 26}});
}

TEST_CASE("a view that is asked for is a tensor of its own, and one Var may be two outputs") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  const auto t = transpose(x), s = slice(x, 1, 2, kEnd, -2), w = broadcast_to(slice(x, 0, 0, 1), Shape{2, 2, 3});
  auto program = compile({t, s, w, t});
  program.run();
  CHECK(program.value(0) == Tensor<double>{{1, 4}, {2, 5}, {3, 6}});
  CHECK(program.value(1) == Tensor<double>{{3, 1}, {6, 4}});
  CHECK(program.value(2) == Tensor<double>(Shape{2, 2, 3}, {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3}));
  CHECK(program.value(3) == program.value(0));
  for (std::size_t i = 0; i < program.size(); ++i) CHECK(program.output(i).is_contiguous());
  auto flip = compile<double>({t}, {assign(x, x * 10)});  // a view of a leaf that is assigned
  flip.run();
  CHECK(flip.value() == Tensor<double>{{1, 4}, {2, 5}, {3, 6}});
  CHECK(value(t) == Tensor<double>{{10, 40}, {20, 50}, {30, 60}});
}

TEST_CASE("a value is dropped when one of its leaves changes, and only then") {
  static int runs;
  runs = 0;
  OpTable<double> op = doubling();
  op.run = [](const void*, std::span<const View<const double>> in, std::span<const std::int64_t* const>,
              const View<double>& out) {
    ++runs;
    *out.data = 2 * *in[0].data;
  };
  Tape<double> tape;
  const auto x = tape.leaf(3.0), other = tape.leaf(1.0);
  const auto y = apply(op, x);
  CHECK(item(y) == 6);
  CHECK(item(y) == 6);
  CHECK(item(y + other) == 7);  // reads the cached value
  CHECK(runs == 1);
  tape.set(other, 2.0);
  CHECK(item(y + other) == 8);
  CHECK(runs == 1);
  tape.set(x, 4.0);
  CHECK(item(y + other) == 10);
  CHECK(runs == 2);
  compile<double>({}, {assign(x, x + 1)}).run();
  CHECK(item(y) == 10);
  CHECK(runs == 3);
}

TEST_CASE("value is a copy: it does not move with the leaf") {
  Tape<double> tape;
  const auto x = tape.leaf(1.0);
  const Tensor<double> before = value(x);
  tape.set(x, 2.0);
  CHECK(before.item() == 1);
  CHECK(item(x) == 2);
}

TEST_CASE("program.set is tape.set") {
  Tape<double> tape;
  const auto x = tape.leaf(1.0), y = x * x;
  auto program = compile(y);
  program.set(x, 3.0);
  program.run();
  CHECK(program.value().item() == 9);
  CHECK(item(y) == 9);
}

TEST_CASE("a program outlives the scope it was recorded in, whose leaves can no longer be set") {
  Tape<double> tape;
  const auto w = tape.leaf(2.0);
  Program<double> program;
  Var<double> inner;
  {
    const auto scope = tape.scope();
    inner = tape.leaf(5.0);
    program = compile(w * inner);
  }
  const auto in_its_place = tape.leaf(100.0);
  program.run();
  CHECK(program.value().item() == 10);
  tape.set(w, 3.0);
  program.run();
  CHECK(program.value().item() == 15);
  CHECK_THROWS_AS(tape.set(inner, 1.0), UsageError);
  CHECK(item(in_its_place) == 100);
}

TEST_CASE("a program that is run while it runs throws, and runs again afterwards") {
  static Program<double>* program;
  static bool enter;
  OpTable<double> op = doubling();
  op.run = [](const void*, std::span<const View<const double>> in, std::span<const std::int64_t* const>,
              const View<double>& out) {
    if (enter) program->run();
    *out.data = 2 * *in[0].data;
  };
  Tape<double> tape;
  const auto x = tape.leaf(3.0);
  Program<double> doubled = compile(apply(op, x));
  program = &doubled;
  enter = true;
  CHECK_THROWS_WITH_AS(doubled.run(), doctest::Contains("run: this program is running already"), UsageError);
  enter = false;
  doubled.run();
  CHECK(doubled.value().item() == 6);
}
