// The printer of failing expressions.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/laws/expression_code.hpp"

using namespace wengert;
using namespace wengert::test;

// What a plan prints, pasted.
// clang-format off
#define PASTED \
Tape<double> tape; \
const auto v0 = tape.leaf(Tensor<double>(Shape{2, 3}, {1.0006088884124504, -1.657368538794874, 1.1811361493607611, 1.8314167616626231, -1.9661875478866744, 1.3947221411463384})); \
const auto v1 = tape.leaf(Tensor<double>(Shape{3, 1}, {-0.99948610422182949, -1.4438992448637498, 1.9583737387228091})); \
const auto v2 = reshape(v0, Shape{6}); \
const auto v3 = test::apply<double>(tape, "slice", {0x0, 0x0, 0x1, 0x3}, {v2}, Shape{3}); \
const auto v4 = reshape(v3, Shape{3, 1}); \
const auto v5 = v1 * v4; \
const auto v6 = broadcast_to(v5, Shape{3, 5}); \
const auto v7 = sin(v6); \
const auto v8 = tape.constant(2, Shape{}); \
const auto v9 = v8 * v7; \
const auto v10 = test::apply<double>(tape, "sum", {0x3ff0000000000000, 0x1}, {v9}, Shape{1, 5}); \
const auto v11 = broadcast_to(v10, Shape{3, 5}); \
const auto v12 = tape.indices(Tensor<std::int64_t>(Shape{3}, {0, 2, 2})).node(); \
const auto v13 = test::apply<double>(tape, "cross_entropy", {}, {v11, v12}, Shape{3, 1}); \
const auto v14 = sin(v5); \
const auto v15 = tape.constant(1.25, Shape{}); \
const auto v16 = v15 * v14; \
const auto v17 = tape.constant(1.75, Shape{}); \
const auto v18 = v17 + v16; \
const auto v19 = log(v18); \
const auto v20 = v19 + v13; \
const auto y = v20;
// clang-format on
#define TEXT(...) #__VA_ARGS__
#define TEXT_OF(...) TEXT(__VA_ARGS__)

namespace {

std::string without_spaces(std::string text) {
  text.resize(std::min(text.size(), text.find("//")));
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

}  // namespace

TEST_CASE("a printed expression is C++ that records it again") {
  const auto& all = all_operations<double>();
  const auto at = [&](std::string_view name) {
    return static_cast<int>(std::ranges::find(all, name, [](const auto& e) { return e.table->name; }) - all.begin());
  };
  Plan plan{7, {2, 4}, {}};
  plan.steps = {{at("multiply"), 0, {0, 1, 0}, 0},
                {at("sum"), 2, {0, 0, 0}, 0},
                {at("cross_entropy"), 0, {0, 0, 0}, 0},
                {at("log"), 0, {2, 0, 0}, 0},
                {at("add"), 0, {0, 1, 0}, 0}};
  Expression e(plan);
  CHECK(without_spaces(code(e)) == without_spaces(TEXT_OF(PASTED)));
  PASTED
  CHECK(value(y) == value(e.y));
}
