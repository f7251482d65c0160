#include "nn/data/npy.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "autodiff/tensor/error.hpp"
#include "nn/data/file.hpp"
#include "tests/nn/scratch.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;

const std::filesystem::path kFolder = std::filesystem::path(WENGERT_TEST_DATA_DIR) / "npy";

/// A file of version 1.0 with this header.
std::string npy(const std::string& header, const std::string& elements = "") {
  std::string out("\x93NUMPY\1\0", 8);
  out += static_cast<char>(header.size() & 0xFF);
  out += static_cast<char>(header.size() >> 8);
  return out + header + elements;
}

std::string header(const std::string& descr, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }";
}

}  // namespace

TEST_CASE("files written by NumPy are read") {
  CHECK(read_npy(kFolder / "f8_2x3.npy").to<double>() == Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK(read_npy(kFolder / "f4_big_endian.npy").to<float>() == Tensor<float>{0.5f, -1.25f, 3e38f});
  CHECK(read_npy(kFolder / "bool_empty.npy").to<float>().shape() == Shape{0, 3});
  CHECK(read_npy(kFolder / "bool_empty.npy").type() == DType::boolean);
}

TEST_CASE("what is written has NumPy's own bytes") {
  CHECK(npy_bytes(Tensor<double>{{1, 2, 3}, {4, 5, 6}}) == read_file(kFolder / "f8_2x3.npy"));
  CHECK(npy_bytes(Tensor<std::int64_t>(-7)) == read_file(kFolder / "i8_rank0.npy"));
  const test::Scratch file("");
  write_npy(file.path, Tensor<float>{{0.1f, 1}, {2, 3}});
  CHECK(read_npy(file.path).to<float>(Convert::never) == Tensor<float>{{0.1f, 1}, {2, 3}});
}

TEST_CASE("the product of the dimensions must not overflow (B151)") {
  CHECK_THROWS_WITH_AS(parse_npy(npy(header("'<f8'", "(4294967296, 4294967296)"))),
                       Contains("parse_npy: byte 10: dimensions [4294967296, 4294967296] have more than 2^63 - 1"),
                       FileError);
  CHECK_THROWS_WITH_AS(parse_npy(npy(header("'<f8'", "(2305843009213693952,)"))),
                       Contains("takes 2305843009213693952 times 8 bytes, the file has 0 more"), FileError);
}

TEST_CASE("a type text is checked before it is used, and objects are refused (B152)") {
  for (const char* descr : {"'<ixy'", "''", "'<f'", "'<f16'", "'|f8'", "'f8'", "'<f3'", "'x'"}) {
    CHECK_THROWS_WITH_AS(parse_npy(npy(header(descr, "(1,)"), "12345678")), Contains("is no type of ours"), FileError);
  }
  CHECK_THROWS_WITH_AS(parse_npy(npy(header("[('a', '<f4')]", "(1,)"))), Contains("the header has no '"), FileError);
  CHECK_THROWS_WITH_AS(read_npy(kFolder / "object.npy"), Contains("descr '|O' means pickled objects"), FileError);
}

TEST_CASE("column-major order is honoured (B154)") {
  CHECK(read_npy(kFolder / "f8_2x3_fortran.npy").to<double>() == Tensor<double>{{1, 3, 5}, {2, 4, 6}});
  const Array array = read_npy(kFolder / "u2_fortran_2x3x4.npy");
  CHECK(array.to<std::int64_t>() == reshaped(arange<std::int64_t>(24), Shape{2, 3, 4}));
}

TEST_CASE("one dimension is written (184,), none is read as one element (B155)") {
  CHECK(npy_bytes(Tensor<double>(Shape{184})).find("'shape': (184,), }") != std::string::npos);
  const Array number = read_npy(kFolder / "i8_rank0.npy");
  CHECK(number.shape() == Shape{});
  CHECK(number.to<std::int64_t>().item() == -7);
}

TEST_CASE("a header that is not exactly one dictionary of three keys is an error") {
  const std::string good = header("'|u1'", "(1,)");
  CHECK(parse_npy(npy(good, "a")).to<float>().item() == 97);
  CHECK(parse_npy(npy("{\"shape\":(1L),'fortran_order':True,'descr':'|u1'}\n", "a")).shape() == Shape{1});
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{}"), good + "x", good.substr(1), good.substr(0, good.size() - 1),
        "{'shape': (), " + good.substr(1), "{'x': 1, " + good.substr(1), header("'|u1'", "(-1,)"),
        header("'|u1'", "(1"), header("'|u1'", "(99999999999999999999,)"), header("'|u1", "(1,)")}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_npy(npy(text, "a")), FileError);
  }
}

TEST_CASE("a file shorter or longer than it says is an error") {
  const std::string whole = read_file(kFolder / "f8_2x3.npy");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS_AS(parse_npy(whole.substr(0, size)), FileError);
  }
  CHECK_THROWS_AS(parse_npy(whole + "x"), FileError);
  CHECK_THROWS_WITH_AS(parse_npy(std::string("\x93NUMPY\4\0", 8)), Contains("version 4.0 is none of"), FileError);
  CHECK_THROWS_WITH_AS(parse_npy("PK\3\4 is another format"), Contains("byte 0: the data do not begin with \\x93NUMPY"),
                       FileError);
}

}  // namespace wengert::nn
