// Tensors and shapes as values: made, copied, moved, read, printed.
#include "autodiff/tensor/tensor.hpp"

#include <doctest/doctest.h>

#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/print.hpp"

using namespace wengert;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
}  // namespace

TEST_CASE("a list makes a vector, a list of lists a matrix") {
  CHECK(Tensor<double>{1, 2, 3}.shape() == Shape{3});
  CHECK(Tensor<double>{{1, 2, 3}, {4, 5, 6}}.shape() == Shape{2, 3});
  CHECK((Tensor<double>{{1, 2, 3}, {4, 5, 6}}.at(1, 0)) == 4);
  CHECK(Tensor<double>{}.shape() == Shape{0});
  CHECK(Tensor<double>{{}, {}}.shape() == Shape{2, 0});
}

TEST_CASE("a list of lists of one element each is a column, also of a single row") {
  CHECK(Tensor<double>{{1}, {2}}.shape() == Shape{2, 1});
  CHECK(Tensor<double>{{1.0}, {2.0}, {3.0}}.shape() == Shape{3, 1});
  CHECK(Tensor<double>{{1.0}}.shape() == Shape{1, 1});
  CHECK(Tensor<float>{{0.5f, 1}}.shape() == Shape{1, 2});
  CHECK(Tensor<std::int64_t>{{1}, {2}}.shape() == Shape{2, 1});
}

TEST_CASE("rows of different lengths are refused with both lengths and the user's line") {
  const int line = __LINE__ + 1;
  const auto ragged = [] { return Tensor<double>{{1, 2}, {3}}; };
  CHECK_THROWS_WITH_AS(ragged(), doctest::Contains("tensor: rows of 2 and of 1 elements in one list"), ShapeError);
  CHECK_THROWS_WITH(ragged(), doctest::Contains(("   at tensor_test.cpp:" + std::to_string(line)).c_str()));
}

TEST_CASE("a number makes a tensor of rank 0, and never by accident") {
  const Tensor<double> x(2.5);
  CHECK(x.rank() == 0);
  CHECK(x.size() == 1);
  CHECK(x.item() == 2.5);
  CHECK(x.at() == 2.5);
  static_assert(!std::is_convertible_v<double, Tensor<double>>);
  static_assert(!std::is_constructible_v<Tensor<double>, Tensor<float>>);
}

TEST_CASE("elements are copied from a span, a vector, a list or a pointer, row by row") {
  std::vector<double> six{1, 2, 3, 4, 5, 6};
  const Tensor<double> expected{{1, 2, 3}, {4, 5, 6}};
  const Shape shape{2, 3};
  CHECK(Tensor<double>(shape, std::span<const double>(six)) == expected);
  CHECK(Tensor<double>(shape, six) == expected);
  CHECK(Tensor<double>(shape, {1, 2, 3, 4, 5, 6}) == expected);
  CHECK(Tensor<double>(shape, six.data()) == expected);
  CHECK(Tensor<double>(six).shape() == Shape{6});
  CHECK(Tensor<double>(std::span<const double>(six).first(2)) == Tensor<double>{1, 2});
  const Tensor<double> copy(shape, six.data());
  six[0] = 100;
  CHECK(copy == expected);
}

TEST_CASE("a buffer is taken over without a copy") {
  Buffer<double> buffer(6);
  std::iota(buffer.data(), buffer.data() + 6, 1.0);
  const double* memory = buffer.data();
  const Tensor<double> x(Shape{2, 3}, std::move(buffer));
  CHECK(x.data() == memory);
  CHECK(x == Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK_THROWS_WITH_AS(Tensor<double>(Shape{2, 3}, Buffer<double>(5)),
                       doctest::Contains("shape [2, 3] needs 6 values, 5 were given"), ShapeError);
}

#ifdef __linux__
/// Whether the process has asked for huge pages at this address.
bool wants_huge_pages(const void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0, end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR, &first, &end) == 2)
      here = first <= address && address < end;
    if (here && line.starts_with("VmFlags:")) return line.find(" hg") != std::string::npos;
  }
  return false;
}
TEST_CASE("from 2 MiB on a buffer asks for huge pages") {
  if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled")) return;  // the system has none
  const Buffer<float> buffer(1 << 19);
  CHECK(wants_huge_pages(buffer.data()));
  CHECK_FALSE(wants_huge_pages(&buffer));
}
#endif

TEST_CASE("too few and too many values are refused with both counts") {
  CHECK_THROWS_WITH_AS(Tensor<double>(Shape{2, 2}, {1, 2, 3}),
                       doctest::Contains("tensor: shape [2, 2] needs 4 values, 3 were given"), ShapeError);
  CHECK_THROWS_AS(Tensor<double>(Shape{}, {1, 2}), ShapeError);
  CHECK_THROWS_AS(Tensor<double>(Shape{0, 3}, std::vector<double>{1}), ShapeError);
}

TEST_CASE("a tensor of a shape alone holds zeros, and memory is aligned to 64 bytes") {
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{3, 0, 2}, Shape{2, 3, 4}}) {
    const Tensor<float> x(shape);
    CHECK(x.size() == shape.size());
    for (const float element : x) CHECK(element == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(x.data()) % 64 == 0);
  }
}

TEST_CASE("at takes one index per axis, from the end where negative, and refuses what is outside") {
  Tensor<double> x(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(x.at(1, 2) == 6);
  CHECK(x.at(-1, -3) == 4);
  x.at(0, 1) = 20;
  CHECK(x.values()[1] == 20);
  CHECK_THROWS_WITH_AS(x.at(2, 0), doctest::Contains("at: index 2 of axis 0 is outside [-2, 2): shape [2, 3]"),
                       ShapeError);
  CHECK_THROWS_AS(x.at(0, -4), ShapeError);
  CHECK(Tensor<double>(7.0).at() == 7);
  const std::string line = "tensor_test.cpp:" + std::to_string(__LINE__ + 1);
  CHECK_THROWS_WITH_AS(x.at(0, -4), doctest::Contains(line.c_str()), ShapeError);
  CHECK_THROWS_WITH_AS(x.at(0), doctest::Contains("at: 1 indices for a tensor of shape [2, 3]"), ShapeError);
  CHECK_THROWS_WITH_AS(x.item(), doctest::Contains("item: shape [2, 3] has 6 elements, not one"), ShapeError);
}

TEST_CASE("iteration visits the elements row by row, and may write") {
  Tensor<double> x{{1, 2}, {3, 4}};
  std::vector<double> seen(x.begin(), x.end());
  CHECK(seen == std::vector<double>{1, 2, 3, 4});
  for (double& element : x) element *= 10;
  CHECK(x == Tensor<double>{{10, 20}, {30, 40}});
  for (const double element : Tensor<double>()) CHECK(element != element);  // nothing to visit
}

TEST_CASE("a copy is independent of what it was copied from") {
  Tensor<double> a{1, 2, 3}, b = a, c;
  c = a;
  a.at(0) = 100;
  CHECK(b == Tensor<double>{1, 2, 3});
  CHECK(c == Tensor<double>{1, 2, 3});
  const Tensor<double>& itself = c;
  c = itself;
  CHECK(c == Tensor<double>{1, 2, 3});
}

TEST_CASE("B181: a moved-from tensor is empty, safe and assignable, and a self-move changes nothing") {
  Tensor<double> a{1, 2, 3};
  const double* memory = a.data();
  Tensor<double> b = std::move(a);
  CHECK(b.data() == memory);
  CHECK(a.size() == 0);  // NOLINT: read after the move on purpose
  CHECK(a.shape() == Shape{0});
  CHECK(a.begin() == a.end());
  CHECK(to_string(a) == "[]");
  CHECK_THROWS_AS(a.at(0), ShapeError);
  CHECK_THROWS_AS(a.item(), ShapeError);
  a = b;
  CHECK(a == b);
  Tensor<double>& itself = b;
  b = std::move(itself);
  CHECK(b == Tensor<double>{1, 2, 3});
  CHECK(b.data() == memory);
}

TEST_CASE("equality asks for shape and elements; NaN differs from itself and -0 does not from 0") {
  CHECK(Tensor<double>{1, 2} == Tensor<double>{1, 2});
  CHECK_FALSE(Tensor<double>{1, 2} == Tensor<double>{{1, 2}});
  CHECK_FALSE(Tensor<double>{kNan} == Tensor<double>{kNan});
  CHECK(Tensor<double>{-0.0} == Tensor<double>{0.0});
  CHECK(zeros({0, 2}) == zeros({0, 2}));
  CHECK_FALSE(zeros({0, 2}) == zeros({2, 0}));
}

TEST_CASE("linspace reaches its end exactly, arange counts, reshaped keeps the order") {
  CHECK(linspace(0.0, 1.0, 11).at(10) == 1);
  CHECK(linspace(0.0, 0.3, 4).at(3) == 0.3);
  CHECK(linspace(2.0, 5.0, 1) == Tensor<double>{2});
  CHECK(linspace(2.0, 5.0, 0).size() == 0);
  CHECK(arange<std::int64_t>(3) == Tensor<std::int64_t>{0, 1, 2});
  CHECK(reshaped(arange(6), {2, 3}) == Tensor<double>{{0, 1, 2}, {3, 4, 5}});
  CHECK_THROWS_WITH_AS(reshaped(arange(6), {4}), doctest::Contains("[6] has 6 elements but [4] has 4"), ShapeError);
}

TEST_CASE("a shape has at most eight dimensions, none negative, and a product that fits in 63 bits") {
  CHECK(Shape{1, 1, 1, 1, 1, 1, 1, 1}.rank() == 8);
  CHECK_THROWS_WITH_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), doctest::Contains("at most 8 dimensions, not 9"),
                       ShapeError);
  const std::string line = "tensor_test.cpp:" + std::to_string(__LINE__ + 1);
  CHECK_THROWS_WITH_AS((Shape{2, -1}), doctest::Contains(line.c_str()), ShapeError);
  CHECK_THROWS_WITH_AS((Shape{2, -1}), doctest::Contains("[2, -1] hold a negative number"), ShapeError);
  const std::int64_t big = std::int64_t{1} << 32;
  CHECK_THROWS_WITH_AS((Shape{big, big}), doctest::Contains("more than 2^63 - 1 elements"), ShapeError);
  CHECK_THROWS_AS((Shape{big, big, 0}), ShapeError);
  CHECK((Shape{big, 0}.size()) == 0);
}

TEST_CASE("small tensors print in full, with columns under each other") {
  CHECK(to_string(Tensor<double>(2.5)) == "2.5");
  CHECK(to_string(Tensor<double>{1, 0.5, -1e-9}) == "[1, 0.5, -1e-09]");
  CHECK(to_string(Tensor<double>{{1, -2.5}, {100, 4}}) == "[[   1, -2.5],\n [ 100,    4]]");
  CHECK(to_string(Tensor<std::int64_t>{{1, 2}, {3, 4}}) == "[[1, 2],\n [3, 4]]");
  CHECK(to_string(Tensor<double>(Shape{2, 1, 2}, {1, 2, 3, 4})) == "[[[1, 2]],\n [[3, 4]]]");
}

TEST_CASE("empty tensors print their axes") {
  CHECK(to_string(Tensor<double>()) == "[]");
  CHECK(to_string(zeros({2, 0})) == "[[],\n []]");
  CHECK(to_string(zeros({0, 2})) == "[]");
}

TEST_CASE("infinities and NaN print as words") {
  CHECK(to_string(Tensor<double>{kInf, -kInf, kNan, -0.0}) == "[inf, -inf, nan, -0]");
}

TEST_CASE("more than 1,000 elements are shortened to three at each end") {
  CHECK(to_string(arange(1001)) == "[0, 1, 2, …, 998, 999, 1000]");
  CHECK(to_string(arange(1000)).find("…") == std::string::npos);
  CHECK(to_string(reshaped(arange(2000), {500, 4})) ==
        "[[   0,    1,    2,    3],\n"
        " [   4,    5,    6,    7],\n"
        " [   8,    9,   10,   11],\n"
        " …,\n"
        " [1988, 1989, 1990, 1991],\n"
        " [1992, 1993, 1994, 1995],\n"
        " [1996, 1997, 1998, 1999]]");
}
