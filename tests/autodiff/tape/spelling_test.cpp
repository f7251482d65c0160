// What one writes first, and what it means.
#include <doctest/doctest.h>

#include <sstream>

#include "autodiff/autodiff.hpp"

using namespace wengert;

TEST_CASE("a tensor beside a Var is data: both sides, all operators, and its line is that of the call") {
  Tape<double> tape;
  const auto x = tape.leaf({1.0, 2.0});
  const Tensor<double> t{3, 4};
  CHECK(value(x + t) == Tensor<double>{4, 6});
  CHECK(value(t - x) == Tensor<double>{2, 2});
  CHECK(value(x * t) == Tensor<double>{3, 8});
  CHECK(value(t / x) == Tensor<double>{3, 2});
  CHECK(value(x < t) == Tensor<double>{1, 1});
  CHECK(value(t <= x) == Tensor<double>{0, 0});
  auto y = x;
  y *= Tensor<double>{{5, 6}, {7, 8}};  // gone after this line
  CHECK(value(y) == Tensor<double>{{5, 12}, {7, 16}});
  CHECK(value(gradient(sum(x * t), x)) == t);
  const NodeId size = tape.size();
  x* t;
  CHECK(to_string(tape.node(size).where) == "spelling_test.cpp:" + std::to_string(__LINE__ - 1));
  const NodeId before = tape.size();
  CHECK_THROWS_WITH_AS(x * Tensor<double>({1, 2, 3}), doctest::Contains("multiply: [2] and [3] do not broadcast"),
                       ShapeError);
  CHECK(tape.size() == before);
  CHECK_THROWS_WITH_AS(Var<double>() * t, doctest::Contains("multiply: an empty Var has no tape"), UsageError);
}

TEST_CASE("a leaf is made of a vector, and of a tensor moved in without a copy") {
  Tape<double> tape;
  const std::vector<double> numbers{1, 2, 3};
  CHECK(value(tape.leaf(numbers)) == Tensor<double>{1, 2, 3});
  CHECK(value(tape.leaf(std::vector<double>{4})) == Tensor<double>{4});
  Tensor<double> big{{1, 2}, {3, 4}};
  const double* memory = big.data();
  const auto x = tape.leaf(std::move(big));
  CHECK(tape.leaf_storage(x.id())->floats.data() == memory);
  CHECK(x.shape() == Shape{2, 2});
  CHECK(big.shape() == Shape{0});  // NOLINT(bugprone-use-after-move): an empty tensor, by its contract
}

TEST_CASE("plus x is x, and a gradient by {w} is one of one") {
  Tape<double> tape;
  const auto w = tape.leaf({1.0, 2.0});
  CHECK((+w).id() == w.id());
  auto [g] = gradient(sum(w * w), {w});
  CHECK(value(g) == Tensor<double>{2, 4});
  const Var<double> same = gradient(sum(w * w), w);
  CHECK(value(same) == Tensor<double>{2, 4});
}

TEST_CASE("tensors, Vars and shapes go to a stream as to_string writes them; a NaN has no sign") {
  Tape<double> tape;
  std::ostringstream out;
  out << Tensor<double>{1, 2} << ' ' << tape.leaf({3.0, 4.0}) * 2.0 << ' ' << Shape{2, 3} << ' '
      << Tensor<std::int64_t>{7};
  CHECK(out.str() == "[1, 2] [6, 8] [2, 3] [7]");
  CHECK(to_string(Tensor<double>{NAN, -NAN}) == "[nan, nan]");
}

TEST_CASE("a derivative by a part: taken first it is there, by a slice recorded afterwards it is 0") {
  Tape<double> tape;
  const auto x = tape.leaf({{1.0, 2.0}, {3.0, 4.0}});
  const auto u = slice(x, 1, 0, 1);
  const auto y = sum(square(u));
  CHECK(value(gradient(y, u)) == Tensor<double>{{2}, {6}});
  CHECK(value(gradient(y, slice(x, 1, 0, 1))) == zeros({2, 1}));
  CHECK(value(squeeze(narrow(x, 0, 1, 1), 0)) == Tensor<double>{3, 4});  // row 1
}
