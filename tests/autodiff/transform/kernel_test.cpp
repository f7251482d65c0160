// Kernels of the user's own, in C++.
#include <doctest/doctest.h>

#include <algorithm>

#include <stdexcept>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

/// 3 x^2 g, with its own rule.
template <class T>
CustomKernel<T> cube_slope() {
  return custom_kernel<T>({.name = "cube_slope",
                           .run =
                               [](std::span<const View<const T>> x, const View<T>& y) {
                                 const auto a = x[0].elements(), g = x[1].elements();
                                 for (std::size_t i = 0; i < a.size(); ++i) y.elements()[i] = 3 * a[i] * a[i] * g[i];
                               },
                           .vjp =
                               [](std::span<const Var<T>> x, Var<T>, Var<T> h) {
                                 return std::vector{6 * x[0] * x[1] * h, 3 * x[0] * x[0] * h};
                               }});
}
/// x^3, whose rule is a kernel too.
template <class T>
CustomKernel<T> cube() {
  return custom_kernel<T>({.name = "cube",
                           .run =
                               [](std::span<const View<const T>> x, const View<T>& y) {
                                 const auto a = x[0].elements();
                                 for (std::size_t i = 0; i < a.size(); ++i) y.elements()[i] = a[i] * a[i] * a[i];
                               },
                           .vjp =
                               [slope = cube_slope<T>()](std::span<const Var<T>> x, Var<T>, Var<T> g) {
                                 return std::vector{slope({x[0], g})};
                               }});
}
/// x, unless it holds a negative number.
CustomKernel<double> checked() {
  return custom_kernel<double>({.name = "checked",
                                .run =
                                    [](std::span<const View<const double>> x, const View<double>& y) {
                                      for (std::size_t i = 0; i < y.elements().size(); ++i) {
                                        if (x[0].elements()[i] < 0) throw std::domain_error("a negative number");
                                        y.elements()[i] = x[0].elements()[i];
                                      }
                                    },
                                .vjp = [](auto, auto, auto g) { return std::vector{g}; }});
}

}  // namespace

TEST_CASE_TEMPLATE("a kernel has its derivatives, forward, reverse and when run again for other values", T, float,
                   double) {
  const Tensor<T> at{-2, 0, 3};
  const auto f = cube<T>();
  for (const auto& a : every_way<T>([&](auto x) { return f(x[0]); }, {at})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<T>{-8, 0, 27});
    CHECK(a.g[0] == Tensor<T>{12, 0, 27});
  }
  for (const auto& a : every_way<T>([&](auto x) { return gradient(sum(f(x[0])), x[0]); }, {at})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<T>{12, 0, 27});
    CHECK(a.g[0] == Tensor<T>{-12, 0, 18});
  }
  Tape<T> tape;
  const auto x = tape.leaf(at);
  CHECK(hessian(sum(f(x)), x) == Tensor<T>{{-12, 0, 0}, {0, 0, 0}, {0, 0, 18}});
  const auto third = gradient(sum(gradient(sum(gradient(sum(f(x)), x)), x)), x);
  CHECK(value(third) == Tensor<T>{6, 6, 6});
}

TEST_CASE("a kernel reads contiguous elements, however its operand lies in memory") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  const auto f = cube<double>();
  CHECK(value(f(transpose(x))) == Tensor<double>{{1, 64}, {8, 125}, {27, 216}});
  CHECK(value(f(slice(x, 1, 2, kEnd, -2))) == Tensor<double>{{27, 1}, {216, 64}});
  CHECK(value(f(broadcast_to(slice(x, 0, 0, 1), Shape{2, 3}))) == Tensor<double>{{1, 8, 27}, {1, 8, 27}});
  CHECK(value(f(tape.constant(2, Shape{2}))) == Tensor<double>{8, 8});
  CHECK(value(gradient(sum(f(transpose(x))), x)) == Tensor<double>{{3, 12, 27}, {48, 75, 108}});
}

TEST_CASE("the shape of the result is that of input 0, a given one, or a function's, whose error names the operands") {
  const auto ends = [](std::span<const View<const double>> x, const View<double>& y) {
    y.elements()[0] = x[0].elements().front();
    y.elements()[1] = x[0].elements().back();
  };
  const auto given = custom_kernel<double>({.name = "ends", .run = ends, .shape = Shape{2}});
  const auto asked = custom_kernel<double>({.name = "ends", .run = ends, .shape = [](std::span<const Shape> x) {
                                              if (x[0].size() == 0) throw ShapeError("there is no first element");
                                              return Shape{2, 1};
                                            }});
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0, 3.0});
  CHECK(value(given(x)) == Tensor<double>{1, 3});
  CHECK(value(asked(x)) == Tensor<double>{{1}, {3}});
  const NodeId size = tape.size() + 1;
  CHECK_THROWS_WITH_AS(asked(tape.leaf(Tensor<double>(Shape{0}))),
                       doctest::Contains("ends: there is no first element: x is [0]   at kernel_test.cpp"), ShapeError);
  CHECK(tape.size() == size);
  CHECK_THROWS_WITH_AS(given(Var<double>()), doctest::Contains("ends: an empty Var has no tape"), UsageError);
  CHECK_THROWS_WITH_AS(given({x, Tape<double>().leaf(1.0)}), doctest::Contains("two tapes"), UsageError);
  CHECK_THROWS_WITH_AS(custom_kernel<double>({.name = "none"}),
                       doctest::Contains("custom_kernel: none has no function to run"), UsageError);
}

TEST_CASE("a kernel of floats does not take Vars of doubles") {
  static_assert(std::is_invocable_v<CustomKernel<float>, Var<float>>);
  static_assert(!std::is_invocable_v<CustomKernel<float>, Var<double>>);
  static_assert(!std::is_invocable_v<CustomKernel<double>, Var<float>>);
}

TEST_CASE("a kernel without a rule, or with a wrong one, is an error with words when differentiated") {
  const auto copy = [](std::span<const View<const double>> x, const View<double>& y) {
    std::ranges::copy(x[0].elements(), y.data);
  };
  const auto none = custom_kernel<double>({.name = "copy", .run = copy});
  const auto two = custom_kernel<double>({.name = "copy", .run = copy, .vjp = [](auto, auto, auto g) {
                                            return std::vector{g, g};
                                          }});
  const auto wide = custom_kernel<double>(
      {.name = "copy", .run = copy, .vjp = [](auto, auto, auto g) { return std::vector{sum(g)}; }});
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0});
  const auto a = sum(none(x)), b = sum(two(x)), c = sum(wide(x));
  const NodeId size = tape.size();
  CHECK_THROWS_WITH_AS(gradient(a, x), doctest::Contains("copy: this kernel has no vjp   at kernel_test.cpp"),
                       UsageError);
  CHECK_THROWS_WITH_AS(gradient(b, x), doctest::Contains("copy: the rule gives 2 cotangents for 1 inputs"), UsageError);
  CHECK_THROWS_WITH_AS(gradient(c, x),
                       doctest::Contains("copy: the rule gives input 0 of shape [2] a cotangent of shape []"),
                       ShapeError);
  CHECK(tape.size() == size);
  CHECK(item(a) == 3);
  CHECK(item(gradient(a * 0 + sum(x * x), tape.leaf(1.0))) == 0);  // nobody asks the kernel
}

TEST_CASE("what a kernel throws reaches the caller; no leaf has changed, and program and tape go on") {
  Tape<double> tape;
  const auto f = checked();
  const auto x = tape.leaf({1.0, 2.0}), steps = tape.leaf(0.0);
  auto step = compile<double>({f(x)}, {assign(steps, steps + 1), assign(x, f(x) * 2)});
  step.run();
  CHECK(value(x) == Tensor<double>{2, 4});
  CHECK(item(steps) == 1);
  tape.set(x, Tensor<double>{3, -1});
  for (int i = 0; i < 2; ++i) CHECK_THROWS_WITH_AS(step.run(), "a negative number", std::domain_error);
  CHECK(item(steps) == 1);
  CHECK(value(x) == Tensor<double>{3, -1});
  CHECK_THROWS_AS(value(f(x)), std::domain_error);
  CHECK_THROWS_AS(jacobian(f(x) * x, x), std::domain_error);
  tape.set(x, Tensor<double>{3, 1});
  step.run();
  CHECK(step.value() == Tensor<double>{3, 1});
  CHECK(value(x) == Tensor<double>{6, 2});
  CHECK(item(steps) == 2);
  CHECK(value(f(x)) == Tensor<double>{6, 2});
}

TEST_CASE("a program keeps its kernels: it outlives their names, their scope and the tape") {
  Program<double> program;
  {
    Tape<double> tape;
    const auto x = tape.leaf({1.0, 2.0});
    {
      const auto scope = tape.scope();
      program = compile(cube<double>()(x) + 1);
    }
    program.run();
    CHECK(program.value() == Tensor<double>{2, 9});
  }
  program.run();
  CHECK(program.value() == Tensor<double>{2, 9});
}

TEST_CASE("calls of a kernel are never merged, and one made again in a scope is found with its program") {
  int runs = 0;
  const auto counted = custom_kernel<double>(
      {.run = [&](std::span<const View<const double>> x, const View<double>& y) { *y.data = *x[0].data + ++runs; }});
  Tape<double> tape;
  const auto x = tape.leaf(0.0);
  CHECK(item(counted(x) + counted(x)) == 3);
  for (int i = 0; i < 3; ++i) {
    const auto scope = tape.scope();
    const auto other = custom_kernel<double>(
        {.run = [i](std::span<const View<const double>>, const View<double>& y) { *y.data = 100 * i; }});
    CHECK(item(counted(x) * 0 + other(x)) == 100 * i);  // the same recording, another function
  }
}
