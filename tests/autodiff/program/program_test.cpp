// What a compiled program promises: assigns, caching, scopes, units, no allocation.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "autodiff/autodiff.hpp"
#include "autodiff/ops/registry.hpp"
#include "autodiff/ops/table.hpp"
#include "tests/allocations.hpp"

using namespace wengert;

TEST_CASE("run allocates nothing") {
  Tape<double> tape;
  Random random(1);
  const auto x = tape.leaf(normal<double>(Shape{100, 64}, 0, 1, random));
  const auto W = tape.leaf(normal<double>(Shape{64, 50}, 0, 0.1, random)), b = tape.leaf(zeros({50}));
  const auto V = tape.leaf(normal<double>(Shape{50, 10}, 0, 0.1, random)), c = tape.leaf(zeros({10}));
  const auto labels = tape.indices(Tensor<std::int64_t>(Shape{100}));
  const auto loss = cross_entropy(matmul(sigmoid(matmul(x, W) + b), V) + c, labels);
  const auto [dW, db, dV, dc] = gradient(loss, {W, b, V, c});
  auto step = compile(
      {loss}, {assign(W, W - 0.1 * dW), assign(b, b - 0.1 * db), assign(V, V - 0.1 * dV), assign(c, c - 0.1 * dc)});
  step.run();
  const double first = *step.output().data;
  const long before = allocations;
  for (int i = 0; i < 20; ++i) step.run();
  CHECK(allocations == before);
  CHECK(*step.output().data < first);
}

TEST_CASE("no operation takes memory in run, after the first") {
  for (const Entry<double>& entry : registry<double>()) {
    for (const Sample& sample : entry.samples) {
      Tape<double> tape;
      std::vector<NodeId> ids;
      for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
        ids.push_back(static_cast<int>(i) == sample.index_input
                          ? tape.indices(Tensor<std::int64_t>(sample.inputs[i])).node().id()
                          : tape.leaf(ones(sample.inputs[i])).id());
      }
      auto program = compile(tape.append(*entry.table, sample.attributes.data(), ids, sample.shape, Source::here()));
      program.run();
      const long before = allocations;
      program.run();
      const long taken = allocations - before;
      CAPTURE(entry.table->name);
      CHECK(taken == 0);
    }
  }
}

TEST_CASE("a user's kernel, its rule and a second run of a checkpoint take no memory in run") {
  Tape<double> tape;
  const auto cube =
      custom_kernel<double>({.run =
                                 [](std::span<const View<const double>> x, const View<double>& y) {
                                   for (std::size_t i = 0; i < y.elements().size(); ++i)
                                     y.elements()[i] = std::pow(x[0].elements()[i], 3);
                                 },
                             .vjp = [](auto x, auto, auto g) { return std::vector{3 * x[0] * x[0] * g}; }});
  const auto x = tape.leaf(ones({3, 50}));
  const auto y = checkpoint([&](Var<double> a) { return exp(cube(transpose(sin(a)))); }, x);
  auto step = compile<double>({y}, {assign(x, x - 0.01 * gradient(sum(square(y)), x))});
  step.run();
  const long before = allocations;
  for (int i = 0; i < 20; ++i) step.run();
  CHECK(allocations == before);
}

TEST_CASE("recording the same thing again with a kernel made before costs no planning") {
  Tape<double> tape;
  const auto copy = custom_kernel<double>({.run = [](auto x, const auto& y) { *y.data = *x[0].data; }});
  const auto x = tape.leaf(1.0);
  const auto cost = [&] {
    const auto scope = tape.scope();
    auto y = custom_vjp([](auto in) { return exp(in[0]); }, [](auto, auto, auto g) { return std::vector{g}; }, {x});
    for (int i = 0; i < 10; ++i) y = copy(y);
    const long before = allocations;
    value(y);
    return allocations - before;
  };
  const long planned = cost();
  CHECK(2 * cost() < planned);
}

namespace {
/// The compiled step of a network with these layer sizes: sigmoid, softmax with cross entropy, gradient descent.
std::vector<UnitInfo> units_of_step(const std::vector<std::int64_t>& sizes) {
  Tape<double> tape;
  std::vector<Var<double>> parameters;
  Var<double> a = tape.leaf(zeros({100, sizes[0]}));
  for (std::size_t l = 1; l < sizes.size(); ++l) {
    const auto W = tape.leaf(zeros({sizes[l - 1], sizes[l]})), b = tape.leaf(zeros({sizes[l]}));
    a = matmul(a, W) + b;
    if (l + 1 < sizes.size()) a = sigmoid(a);
    parameters.insert(parameters.end(), {W, b});
  }
  const auto loss = cross_entropy(a, tape.indices(Tensor<std::int64_t>(Shape{100})));
  const auto gradients = gradient(loss, parameters);
  std::vector<Assign<double>> updates;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    updates.push_back(assign(parameters[i], parameters[i] - 0.1 * gradients[i]));
  }
  return compile({loss}, updates).units();
}
}  // namespace

TEST_CASE("a step of L layers is 3L - 1 products with all else on their blocks, L bias updates and the mean loss") {
  for (const std::size_t layers : {2u, 20u}) {
    std::vector<std::int64_t> sizes(layers + 1, 50);
    sizes.back() = 10;
    std::size_t products = 0, others = 0, deltas = 0;
    for (const UnitInfo& unit : units_of_step(sizes)) {
      ++(unit.product ? products : others);
      deltas += unit.text == "matmul+chain+sum";  // (delta W') times the slope, and its column sums: one unit
    }
    CAPTURE(layers);
    CHECK(products == 3 * layers - 1);
    CHECK(deltas == layers - 1);
    CHECK(others == layers + 1);
  }
}

TEST_CASE("functions that share their work run together only over one extent") {
  Tape<double> tape;
  const auto x = tape.leaf(0.5);
  auto program = compile({sin(broadcast_to(x, Shape{2, 3})), cos(broadcast_to(x, Shape{40}))});
  program.run();
  CHECK(program.units().size() == 2);
  CHECK(program.value(0) == full(Shape{2, 3}, value(sin(x)).item()));
  CHECK(program.value(1) == full(Shape{40}, value(cos(x)).item()));
}

TEST_CASE("assigns are simultaneous: two leaves can be swapped") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0}), b = tape.leaf({3.0, 4.0});
  auto swap = compile<double>({a}, {assign(a, b), assign(b, a)});
  swap.run();
  CHECK(value(a) == Tensor<double>{3, 4});
  CHECK(value(b) == Tensor<double>{1, 2});
  CHECK(swap.value() == Tensor<double>{1, 2});  // an output that is the leaf sees the value from before the run
}

TEST_CASE("an update that reads another leaf's old value sees the old value") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0}), b = tape.leaf({10.0, 20.0});
  auto step = compile<double>({}, {assign(a, a + b), assign(b, a * b)});
  step.run();
  CHECK(value(a) == Tensor<double>{11, 22});
  CHECK(value(b) == Tensor<double>{10, 40});
}

TEST_CASE("a leaf may be assigned a row operation of itself") {
  Tape<double> tape;
  Random random(2);
  const auto start =
      uniform<double>(Shape{5, 100}, -1, 1, random);  // longer than what a row operation keeps in registers
  for (const auto f : {+[](Var<double> x) { return softmax(x); }, +[](Var<double> x) { return log_softmax(x); }}) {
    const auto x = tape.leaf(start);
    const auto expected = value(f(x));
    auto step = compile<double>({}, {assign(x, f(x))});
    step.run();
    CHECK(value(x) == expected);
  }
}

TEST_CASE("assigning one leaf twice, or a value of another shape, throws") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0});
  CHECK_THROWS_WITH_AS(compile<double>({}, {assign(a, a), assign(a, a)}), doctest::Contains("assigned twice"),
                       UsageError);
  CHECK_THROWS_WITH_AS(compile<double>({}, {assign(a, sum(a))}), doctest::Contains("[2] but its value []"), ShapeError);
}

TEST_CASE("a leaf may be assigned what is made of itself, in whatever order it is read") {
  Tape<double> tape;
  const auto v = tape.leaf({1.0, 2.0, 3.0}), m = tape.leaf(Tensor<double>{{1, 2}, {3, 4}});
  const auto once = [&](Var<double> leaf, Var<double> next) {
    compile<double>({}, {assign(leaf, next)}).run();
    return value(leaf);
  };
  CHECK(once(v, flip(v)) == Tensor<double>{3, 2, 1});
  CHECK(once(v, roll(v, 1, 0)) == Tensor<double>{1, 3, 2});
  CHECK(once(v, slice(concatenate({v, v, v}), 0, 1, kEnd, 3)) == Tensor<double>{3, 3, 3});
  CHECK(once(v, broadcast_to(sum(v), Shape{3})) == Tensor<double>{9, 9, 9});
  CHECK(once(m, transpose(m)) == Tensor<double>{{1, 3}, {2, 4}});
  CHECK(once(m, matmul(m, m)) == Tensor<double>{{7, 15}, {10, 22}});
  CHECK(once(m, matmul(transpose(m), m) - m) == Tensor<double>{{142, 310}, {315, 687}});
}

TEST_CASE("B076: a define-by-run loop does not grow the tape") {
  Tape<double> tape;
  const auto w = tape.leaf({1.0, 2.0});
  double total = 0;
  NodeId nodes = 0;
  std::size_t bytes = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto scope = tape.scope();
    const auto loss = sum(square(w - static_cast<double>(i)));
    total += value(gradient(loss, w)).at(0);
    if (i == 10) nodes = tape.size(), bytes = tape.bytes();
    if (i > 10) REQUIRE(tape.size() == nodes);
    if (i > 10) REQUIRE(tape.bytes() == bytes);
  }
  CHECK(total == doctest::Approx(2.0 * (1000 - 499500)));
}

TEST_CASE("a data-dependent loop costs what each step adds: the value of step 2,000 as much as that of step 20") {
  Tape<double> tape;
  auto y = tape.leaf(0.3);
  std::vector<long> costs;
  for (int i = 0; i < 2000; ++i) {
    y = value(y).item() < 0.5 ? 1.9 * y : 1.9 * (1 - y);
    const long before = allocations;
    value(y);
    costs.push_back(allocations - before);
  }
  CHECK(costs[1999] <= costs[20] + 5);
  CHECK(costs[1000] <= costs[20] + 5);
}

namespace {

/// What value() of a chain of `length` sines allocates; each length is another program.
long cost_of_recording(Tape<double>& tape, Var<double> x, int length) {
  const auto scope = tape.scope();
  auto y = x;
  for (int i = 0; i < length; ++i) y = sin(y);
  const long before = allocations;
  value(y);
  return allocations - before;
}

}  // namespace

TEST_CASE("recording the same thing again in a scope costs no planning, and 32 programs are kept") {
  Tape<double> tape;
  const auto x = tape.leaf(zeros({50}));
  const long planned = cost_of_recording(tape, x, 10), again = cost_of_recording(tape, x, 10);
  CHECK(2 * again < planned);
  for (int length = 11; length < 42; ++length) cost_of_recording(tape, x, length);  // with the first, 32 programs
  CHECK(cost_of_recording(tape, x, 10) <= again);                                   // and now it is the last used
  for (int length = 42; length < 74; ++length) cost_of_recording(tape, x, length);
  CHECK(cost_of_recording(tape, x, 10) > 2 * again);
}

TEST_CASE("leaves made in a scope are bound anew where a program is reused") {
  Tape<double> tape;
  for (int i = 0; i < 5; ++i) {
    const auto scope = tape.scope();
    const auto x = tape.leaf(static_cast<double>(i)), y = tape.leaf(10.0);
    CHECK(value(x * x + y).item() == i * i + 10);
  }
  for (int i = 0; i < 5; ++i) {  // two products in one instruction of four operands
    const auto scope = tape.scope();
    const auto a = tape.leaf(3.0), b = tape.leaf(5.0), c = tape.leaf(7.0), d = tape.leaf(static_cast<double>(i));
    CHECK(value(a * b + c * d).item() == 15 + 7 * i);
  }
  for (int i = 1; i < 6; ++i) {  // one instruction of five operands
    const auto scope = tape.scope();
    const auto a = tape.leaf(3.0 * i), b = tape.leaf(5.0 * i), c = tape.leaf(10.0 * i), d = tape.leaf(16.0 * i * i),
               e = tape.leaf(1.0 * i);
    CHECK(value(a - b * (c / (sqrt(d) + e))).item() == -7 * i);
  }
}

TEST_CASE_TEMPLATE("a step by m / (sqrt(v) + e) has the same bits whether its parts are asked for or not", T, float,
                   double) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Random random(8);
  Tape<T> tape;
  Tensor<T> v = uniform<T>({60}, 0, 1, random);
  for (const double edge : {0.0, -0.0, -1.0, infinity, 1e-38}) v.at(random.below(60)) = static_cast<T>(edge);
  const auto w = tape.leaf(uniform<T>({60}, -1, 1, random)), m = tape.leaf(uniform<T>({60}, -1, 1, random)),
             roots_of = tape.leaf(v);
  const auto rate = tape.leaf(T(1e-3)), e = tape.leaf(T(0));
  const auto root = sqrt(roots_of), below = root + e, quotient = m / below, product = rate * quotient;
  for (const Var<T>& y : {w - product, w - quotient * rate, product - w, w + product, w - product * quotient}) {
    auto alone = compile(y), with_parts = compile({y, root, below, quotient});
    alone.run();
    with_parts.run();
    CAPTURE(alone.units()[0].text);
    CHECK(std::memcmp(alone.output(0).data, with_parts.output(0).data, 60 * sizeof(T)) == 0);
  }
}

TEST_CASE("values asked for are freed when a leaf of theirs is set or assigned; those of other leaves stay") {
  constexpr long kBytes = 80000;  // of a value
  Tape<double> tape;
  const auto x = tape.leaf(ones({10000})), other = tape.leaf(ones({10000}));
  const auto of_x = [&] {  // one program for all of them, as numbers in leaves do not matter to it
    for (int i = 0; i < 100; ++i) value(x * tape.leaf(static_cast<double>(i)));
  };
  of_x();
  const auto kept = other * 2.0;
  value(kept);
  auto step = compile<double>({}, {assign(x, x + 1.0)});
  step.run();
  const long before = live_bytes;
  of_x();
  CHECK(live_bytes - before > 100 * kBytes);
  tape.set(x, zeros({10000}));
  CHECK(live_bytes - before < 5 * kBytes);
  of_x();
  step.run();
  CHECK(live_bytes - before < 5 * kBytes);
  const long allocated = allocations;
  value(kept);
  CHECK(allocations - allocated == 1);  // a copy: it was not computed again
}

TEST_CASE("what a value was computed from is freed with it") {
  Tape<double> tape;
  const auto x = tape.leaf(ones({10000}));
  const auto y = x * 2.0, z = y + 1.0;
  const auto ask = [&] {
    CHECK(value(y).at(0) == 2 * value(x).at(0));
    CHECK(value(z).at(0) == 2 * value(x).at(0) + 1);
  };
  ask();
  tape.set(x, full({10000}, 3.0));
  const long before = live_bytes;
  ask();
  CHECK(live_bytes - before > 3 * 80000 - 1);
  tape.set(x, full({10000}, 4.0));
  CHECK(live_bytes - before < 80000);
  ask();
}

TEST_CASE("a program that was not run has no outputs yet") {
  Tape<float> tape;
  const auto x = tape.leaf(1.0f);
  auto program = compile(x * 2.0f);
  CHECK_THROWS_WITH_AS(program.output(),
                       doctest::Contains("output: the program was not run yet: call run() first   at "), UsageError);
  CHECK_THROWS_WITH_AS(program.value(), doctest::Contains("value: the program was not run yet"), UsageError);
  program.run();
  CHECK(program.value().item() == 2);
  program = {};
  program = compile(x * 2.0f);  // the kept one, taken up again
  CHECK_THROWS_AS(program.value(), UsageError);
}

TEST_CASE("a Var whose scope has closed is an error with words") {
  Tape<double> tape;
  const auto x = tape.leaf(1.0);
  Var<double> stale;
  {
    const auto scope = tape.scope();
    stale = x * 2.0;
  }
  CHECK_THROWS_WITH_AS(value(stale), doctest::Contains("dropped with its scope, which was opened at program_test.cpp"),
                       UsageError);
  const auto again = x * 3.0;
  CHECK_THROWS_AS(again + stale, UsageError);
  CHECK(value(again).item() == 3);
}

TEST_CASE("operands of two tapes throw") {
  Tape<double> a, b;
  const auto x = a.leaf(1.0), y = b.leaf(2.0);
  CHECK_THROWS_WITH_AS(x + y, doctest::Contains("two tapes"), UsageError);
}

TEST_CASE("a program outlives its tape") {
  Program<double> program;
  {
    Tape<double> tape;
    program = compile(sum(exp(tape.leaf({0.0, 0.0}))));
  }
  program.run();
  CHECK(program.value().item() == 2);
}

TEST_CASE("an index out of range throws before anything is written") {
  Tape<double> tape;
  const auto z = tape.leaf(zeros({2, 8}));
  const auto labels = tape.indices({1, 8});
  const auto w = tape.leaf(1.0);
  auto step = compile({cross_entropy(z, labels)}, {assign(w, w + 1.0)});
  for (const std::int64_t wrong : {8, 10, -1}) {  // B124
    tape.set(labels, Tensor<std::int64_t>{1, wrong});
    CHECK_THROWS_WITH_AS(step.run(), doctest::Contains("of row 1 is outside [0, 8)"), ValueError);
  }
  CHECK(value(w).item() == 1);
}

namespace {

/// x, counting how often it is computed.
struct Counted {
  static constexpr Doc doc{"counted", "y = x", "1"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  static inline int runs = 0;

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T>) const {
    return g;
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    ++runs;
    std::copy_n(in[0].data, out.shape.size(), out.data);
  }
};

/// Allocations of a Jacobian of n rows by m columns.
long jacobian_allocations(std::int64_t n, std::int64_t m, Mode mode) {
  Tape<double> tape;
  Random random(3);
  const auto x = tape.leaf(uniform<double>(Shape{m}, -1, 1, random));
  const auto y = tanh(matmul(tape.leaf(uniform<double>(Shape{n, m}, -1, 1, random)), record(Counted{}, {x}, Source())));
  const long before = allocations;
  jacobian(y, x, mode);
  return allocations - before;
}

}  // namespace

TEST_CASE("a Jacobian of 100 by 100 is one program run 100 times, and no run takes memory") {
  for (const Mode mode : {Mode::forward, Mode::reverse}) {
    jacobian_allocations(200, 200, mode);  // a thread's first product packs its operands
    Counted::runs = 0;
    const long all = jacobian_allocations(100, 100, mode);
    CHECK(Counted::runs == 100);
    CHECK(all > 0);
    CHECK(jacobian_allocations(200, 200, mode) == all);  // twice the runs, as much to set up
  }
}

TEST_CASE("a Jacobian takes the mode that needs fewer runs, unless it is told") {
  const auto runs = [](std::int64_t n, std::int64_t m, Mode mode) {
    Counted::runs = 0;
    jacobian_allocations(n, m, mode);
    return Counted::runs;
  };
  CHECK(runs(10, 100, Mode::automatic) == 10);
  CHECK(runs(100, 10, Mode::automatic) == 10);
  CHECK(runs(10, 100, Mode::forward) == 100);
  CHECK(runs(100, 10, Mode::reverse) == 100);
}
