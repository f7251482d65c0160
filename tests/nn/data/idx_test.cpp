#include "nn/data/idx.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "autodiff/tensor/error.hpp"
#include "nn/data/file.hpp"
#include "tests/nn/scratch.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;

const std::filesystem::path kFolder = std::filesystem::path(WENGERT_TEST_DATA_DIR) / "idx";

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

}  // namespace

TEST_CASE("elements are read in their type, big-endian and row-major") {
  CHECK(read_idx(kFolder / "u8_2x2x2.idx").to<float>() == Tensor<float>(Shape{2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}));
  CHECK(read_idx(kFolder / "i16.idx").to<std::int64_t>() == Tensor<std::int64_t>{-2, 258, 32767});
  CHECK(read_idx(kFolder / "f64_1x2.idx").to<double>() == Tensor<double>{{0.1, -1e300}});
}

TEST_CASE("an IDX file shorter or longer than its header says is an error with both sizes (B148)") {
  const std::string header = bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2});
  CHECK_THROWS_WITH_AS(parse_idx(header + "1234567"),
                       Contains("parse_idx: byte 16: [2, 2, 2] of u8 takes 8 times 1 bytes, the file has 7 more   at "
                                "idx_test.cpp:"),
                       FileError);
  CHECK_THROWS_WITH_AS(parse_idx(header.substr(0, 15)),
                       Contains("byte 12: dimension 2 takes 4 bytes, the file has 3 more"), FileError);
  CHECK_THROWS_WITH_AS(parse_idx(header + "123456789"), Contains("the file has 9 more"), FileError);
  CHECK_THROWS_WITH_AS(parse_idx(""), Contains("byte 0: the magic number takes 4 bytes, the file has 0"), FileError);
  const test::Scratch file(header);
  CHECK_THROWS_WITH_AS(read_idx(file.path), Contains(("read_idx: \"" + file.path.string() + "\" byte 16: ").c_str()),
                       FileError);
}

TEST_CASE("the magic number is big-endian, and gzip is unpacked or named (B149)") {
  CHECK_THROWS_WITH_AS(parse_idx(bytes({3, 8, 0, 0})), Contains("the magic number is 03080000, IDX begins with 0000"),
                       FileError);
  CHECK(read_idx(kFolder / "u8_2x2x2.idx.gz") == read_idx(kFolder / "u8_2x2x2.idx"));
  CHECK_THROWS_WITH_AS(parse_idx(read_file(kFolder / "u8_2x2x2.idx").insert(0, bytes({0x1f, 0x8b}))),
                       Contains("the data are gzip"), FileError);
}

TEST_CASE("a claim of many elements or dimensions fails before anything is allocated") {
  CHECK_THROWS_WITH_AS(parse_idx(bytes({0, 0, 8, 1, 255, 255, 255, 255})), Contains("takes 4294967295 times 1 bytes"),
                       FileError);
  std::string many = bytes({0, 0, 14, 3}) + std::string(12, '\xff');
  CHECK_THROWS_WITH_AS(parse_idx(many), Contains("more than 2^63 - 1 elements"), FileError);
  many = bytes({0, 0, 14, 9}) + std::string(36, '\0');
  CHECK_THROWS_WITH_AS(parse_idx(many), Contains("at most 8 dimensions, not 9"), FileError);
  CHECK_THROWS_WITH_AS(parse_idx(bytes({0, 0, 7, 1})), Contains("byte 2: type 07 is none of 08"), FileError);
}

}  // namespace wengert::nn
