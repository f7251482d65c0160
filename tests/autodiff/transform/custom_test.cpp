// Rules of the user's own, on Vars.
#include <doctest/doctest.h>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

/// ln(1 + e^x), whose own derivative overflows; with its rule.
template <class T>
Var<T> soft(Var<T> x) {
  return custom_vjp([](auto in) { return log1p(exp(in[0])); },
                    [](auto in, auto, auto g) { return std::vector{g * sigmoid(in[0])}; }, {x});
}
/// a e^b with a rule that reads its result. Shapes: the result has that of a, b is a number.
template <class T>
Var<T> scaled(Var<T> a, Var<T> b) {
  return custom_vjp([](auto in) { return in[0] * exp(in[1]); },
                    [](auto in, auto y, auto g) {
                      return std::vector{g * exp(in[1]), sum(g * y)};
                    },
                    {a, b});
}
/// x, with its gradient kept between -1 and 1.
Var<double> clipped(Var<double> x) {
  return custom_vjp([](auto in) { return in[0]; }, [](auto, auto, auto g) { return std::vector{clamp(g, -1, 1)}; },
                    {x});
}
double logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE_TEMPLATE("the rule is the derivative, forward, reverse and when run again for other values", T, float,
                   double) {
  const double exact = std::is_same_v<T, float> ? 1e-6 : 1e-14;
  const Tensor<T> at{T(-1.5), T(0.25), T(3)};
  for (const auto& a : every_way<T>([](auto x) { return soft(x[0]); }, {at})) {
    CAPTURE(a.way);
    for (int i = 0; i < 3; ++i) {
      CHECK(near(a.y.at(i), std::log1p(std::exp(double(at.at(i)))), exact));
      CHECK(near(a.g[0].at(i), logistic(at.at(i)), exact));
    }
  }
  for (const auto& a : every_way<T>([](auto x) { return gradient(sum(soft(x[0])), x[0]); }, {at})) {
    CAPTURE(a.way);
    for (int i = 0; i < 3; ++i) {
      CHECK(near(a.g[0].at(i), logistic(at.at(i)) * logistic(-double(at.at(i))), 10 * exact));
    }
  }
}

TEST_CASE("the derivative of the function itself is not used: not where it is NaN, not where it is 0") {
  for (const auto& a : every_way([](auto x) { return soft(x[0]) - soft(x[0]) + soft(x[0]); }, {number(1000.0)})) {
    CHECK(a.g[0].item() == 1);
  }
  const auto straight_through = [](auto x) {
    return custom_vjp([](auto in) { return round(in[0]); }, [](auto, auto, auto g) { return std::vector{g}; }, {x[0]});
  };
  for (const auto& a : every_way(straight_through, {Tensor<double>{0.2, 1.7}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{0, 2});
    CHECK(a.g[0] == Tensor<double>{1, 1});
  }
}

TEST_CASE("a rule of two inputs may read its result, and has mixed second derivatives") {
  const double e = std::exp(0.5);
  for (const auto& a : every_way([](auto x) { return scaled(x[0], x[1]); }, {Tensor<double>{2, 3}, number(0.5)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].at(1), e));
    CHECK(near(a.g[1].item(), 5 * e));
  }
  // d/da and d/db of the slope 5 e^b: e^b each, and 5 e^b
  const auto slope = [](auto x) { return gradient(sum(scaled(x[0], x[1])), x[1]); };
  for (const auto& a : every_way(slope, {Tensor<double>{2, 3}, number(0.5)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].at(0), e));
    CHECK(near(a.g[1].item(), 5 * e));
  }
  Tape<double> tape;
  const auto a = tape.leaf({2.0, 3.0}), b = tape.leaf(0.5);
  auto third = gradient(gradient(gradient(sum(scaled(a, b)), b), b), b);
  CHECK(near(item(third), 5 * e));
}

TEST_CASE("an empty Var in place of a cotangent is no gradient") {
  Tape<double> tape;
  const auto x = tape.leaf(3.0), mask = tape.leaf(2.0);
  const auto y = custom_vjp([](auto in) { return in[0] * in[1]; },
                            [](auto in, auto, auto g) {
                              return std::vector{g * in[1], Var<double>()};
                            },
                            {x, mask});
  CHECK(item(gradient(y, x)) == 2);
  CHECK(item(gradient(y, mask)) == 0);
}

TEST_CASE("a rule that is not linear in its cotangent has a reverse mode, and is refused in forward mode") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0});
  const auto y = sum(clipped(x) * tape.leaf({0.5, 7.0}));
  CHECK(value(gradient(y, x)) == Tensor<double>{0.5, 1});
  const auto tangent = jvp(y, x, x);
  CHECK_THROWS_WITH_AS(value(tangent), doctest::Contains("jvp: the rule of custom_vjp recorded at custom_test.cpp"),
                       UsageError);
  CHECK_THROWS_WITH_AS(compile(tangent), doctest::Contains("is not linear in its cotangent, so it has no forward mode"),
                       UsageError);
  const auto joined = jvp(concatenate({clipped(x), x}), x, x);  // the rule of concatenate is not to blame
  CHECK_THROWS_WITH_AS(value(joined), doctest::Contains("jvp: the rule of custom_vjp recorded at"), UsageError);
  CHECK(value(gradient(y, x)) == Tensor<double>{0.5, 1});
}

TEST_CASE("a rule that adds something to its cotangent fails gradcheck, in one mode if not in the other") {
  const auto ruled_by = [](auto rule) {
    return [rule](auto x) { return custom_vjp([](auto in) { return 2.0 * in[0]; }, rule, {x}); };
  };
  const auto doubled = ruled_by([](auto, auto, auto g) { return std::vector{2.0 * g}; });
  const auto adds = ruled_by([](auto, auto, auto g) { return std::vector{2.0 * g + 1.0}; });
  const auto hides = ruled_by([](auto, auto, auto g) { return std::vector{2.0 * g + 1.0 - sum(g)}; });
  const Tensor<double> x{0.5, -1.5};
  CHECK(gradcheck(doubled, {x}));
  CHECK_FALSE(gradcheck(adds, {x}, {.forward = false}));
  CHECK(gradcheck(adds, {x}, {.reverse = false}));   // what forward mode does not see
  CHECK(gradcheck(hides, {x}, {.forward = false}));  // for cotangents of sum 1
  CHECK_FALSE(gradcheck(hides, {x}, {.reverse = false}));
  CHECK_FALSE(gradcheck(adds, {x}));
  CHECK_FALSE(gradcheck(hides, {x}));
}

TEST_CASE(
    "another number of cotangents, or one of another shape, is an error with words, and leaves the tape as before") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0}), b = tape.leaf(1.0);
  const auto with = [&](auto rule) { return sum(custom_vjp([](auto in) { return in[0] * in[1]; }, rule, {a, b})); };
  const auto few = with([](auto, auto, auto g) { return std::vector{g}; });
  const auto wide = with([](auto in, auto, auto g) { return std::vector{g * in[1], g * in[0]}; });
  Tape<double> other;
  const auto stray = with([&](auto, auto, auto g) { return std::vector{g, other.leaf(1.0)}; });
  const NodeId size = tape.size();
  CHECK_THROWS_WITH_AS(gradient(few, b), doctest::Contains("custom_vjp: the rule gives 1 cotangents for 2 inputs"),
                       UsageError);
  CHECK_THROWS_WITH_AS(gradient(few, b), doctest::Contains("at custom_test.cpp"), UsageError);
  CHECK_THROWS_WITH_AS(
      gradient(wide, b),
      doctest::Contains("custom_vjp: the rule gives input 1 of shape [] a cotangent of shape [2]   at custom_test.cpp"),
      ShapeError);
  CHECK_THROWS_WITH_AS(gradient(stray, b), doctest::Contains("two tapes"), UsageError);
  CHECK(tape.size() == size);
  CHECK(value(wide).item() == 3);
}

TEST_CASE("a function that reads what it was not given is refused, unless it stops the gradient") {
  Tape<double> tape;
  const auto x = tape.leaf(3.0), w = tape.leaf(2.0);
  const auto rule = [](auto, auto, auto g) { return std::vector{2.0 * g}; };
  const NodeId size = tape.size();
  CHECK_THROWS_WITH_AS(custom_vjp([&](auto in) { return in[0] * w; }, rule, {x}),
                       doctest::Contains("that is not among its inputs"), UsageError);
  CHECK(tape.size() == size);
  const auto y = custom_vjp([&](auto in) { return in[0] * stop_gradient(w); }, rule, {x});
  CHECK(item(y) == 6);
  CHECK(item(gradient(y, w)) == 0);
  CHECK_THROWS_WITH_AS(custom_vjp([&](auto in) { return in[0]; }, rule, {Var<double>()}),
                       doctest::Contains("custom_vjp: an empty Var has no tape"), UsageError);
}

TEST_CASE("a custom rule costs no unit, and its program is found again in a scope") {
  Tape<double> tape;
  const auto x = tape.leaf(ones({100})), w = tape.leaf(ones({100}));
  const auto plain = compile(exp(x) * w).units();
  const auto y =
      custom_vjp([](auto in) { return exp(in[0]); }, [](auto, auto out, auto g) { return std::vector{g * out}; }, {x});
  REQUIRE(compile(y * w).units().size() == plain.size());
  CHECK(compile(y * w).units()[0].text == plain[0].text);
}

TEST_CASE("a rule lives as long as its node, and no longer") {
  const auto witness = std::make_shared<int>(3);
  Tape<double> tape;
  const auto x = tape.leaf(2.0);
  {
    const auto scope = tape.scope();
    const auto y = custom_vjp([](auto in) { return in[0]; },
                              [witness](auto, auto, auto g) { return std::vector{*witness * g}; }, {x});
    const auto z = y * y;
    CHECK(witness.use_count() == 2);
    CHECK(item(gradient(z, x)) == 12);
  }
  CHECK(witness.use_count() == 1);
}
