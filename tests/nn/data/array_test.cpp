#include "nn/data/array.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;

template <class U>
Array array_of(DType type, std::vector<U> values) {
  std::string bytes(values.size() * sizeof(U), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return Array(type, Shape{static_cast<std::int64_t>(values.size())}, bytes);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("a tensor becomes an array and comes back the same") {
  CHECK(Array(Tensor<float>{{1, 2}, {3, 4}}).to<float>(Convert::never) == Tensor<float>{{1, 2}, {3, 4}});
  CHECK(Array(Tensor<std::int64_t>{-5}).to<std::int64_t>(Convert::never) == Tensor<std::int64_t>{-5});
  CHECK(Array(Tensor<double>(2.5)).to<double>().item() == 2.5);
  CHECK(Array(Tensor<double>(Shape{0, 3})).to<double>().shape() == Shape{0, 3});
  CHECK(Array().to<float>().shape() == Shape{0});
}

TEST_CASE("every type of a file is read with its sign and size") {
  CHECK(array_of<std::uint8_t>(DType::u8, {255}).to<double>().item() == 255);
  CHECK(array_of<std::int8_t>(DType::i8, {-1}).to<double>().item() == -1);
  CHECK(array_of<std::uint16_t>(DType::u16, {65535}).to<float>().item() == 65535);
  CHECK(array_of<std::int16_t>(DType::i16, {-32768}).to<float>().item() == -32768);
  CHECK(array_of<std::uint32_t>(DType::u32, {4294967295}).to<std::int64_t>().item() == 4294967295);
  CHECK(array_of<std::int32_t>(DType::i32, {-2147483647}).to<double>().item() == -2147483647);
  CHECK(array_of<std::uint64_t>(DType::u64, {7}).to<std::int64_t>().item() == 7);
  CHECK(array_of<std::uint8_t>(DType::boolean, {1, 0}).to<float>() == Tensor<float>{1, 0});
}

TEST_CASE("exactly: a value that is no T is an error, never another value") {
  const double largest = 9007199254740992;  // 2^53
  CHECK(array_of<std::int64_t>(DType::i64, {9007199254740992}).to<double>().item() == largest);
  CHECK_THROWS_WITH_AS(array_of<std::int64_t>(DType::i64, {9007199254740993}).to<double>(),
                       Contains("to: i64 value 9007199254740993 is no f64   at array_test.cpp:"), ValueError);
  // What rounds up to 2^63 or 2^64 does not fit back.
  CHECK_THROWS_AS(array_of<std::int64_t>(DType::i64, {INT64_MAX}).to<double>(), ValueError);
  CHECK_THROWS_AS(array_of<std::uint64_t>(DType::u64, {UINT64_MAX}).to<float>(), ValueError);
  CHECK_THROWS_AS(array_of<std::uint64_t>(DType::u64, {UINT64_MAX}).to<std::int64_t>(), ValueError);
  CHECK(array_of<std::int64_t>(DType::i64, {INT64_MIN}).to<float>().item() == -0x1p63f);
  CHECK(Array(Tensor<double>{0.5, -kInfinity}).to<float>() == Tensor<float>{0.5f, -HUGE_VALF});
  CHECK(std::isnan(Array(Tensor<double>{NAN}).to<float>().item()));
  for (const double x : {0.1, 1e300, 1e-300, 16777217.0}) {
    CHECK_THROWS_AS(Array(Tensor<double>{x}).to<float>(), ValueError);
  }
  CHECK(Array(Tensor<double>{-3, 0x1p62}).to<std::int64_t>() == Tensor<std::int64_t>{-3, std::int64_t{1} << 62});
  for (const double x : {0.5, 0x1p63, -kInfinity, std::nan("")}) {
    CHECK_THROWS_AS(Array(Tensor<double>{x}).to<std::int64_t>(Convert::rounded), ValueError);
  }
}

TEST_CASE("rounded: to the nearest; never: only the type itself") {
  CHECK(Array(Tensor<double>{0.1, 16777217, 1e300}).to<float>(Convert::rounded) ==
        Tensor<float>{0.1f, 16777216, HUGE_VALF});
  CHECK(array_of<std::int64_t>(DType::i64, {9007199254740993}).to<double>(Convert::rounded).item() == 9007199254740992);
  CHECK_THROWS_WITH_AS(Array(Tensor<float>{1}).to<double>(Convert::never), Contains("the type is f32, f64 is wanted"),
                       ValueError);
}

TEST_CASE("an array has the bytes of its shape") {
  CHECK_THROWS_WITH_AS(Array(DType::u16, Shape{2, 3}, std::string(11, 'x')),
                       Contains("array: [2, 3] of u16 need 6 times 2 bytes, there are 11"), ShapeError);
}

}  // namespace wengert::nn
