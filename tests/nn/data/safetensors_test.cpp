#include "nn/data/safetensors.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "autodiff/tensor/error.hpp"
#include "nn/data/file.hpp"
#include "tests/nn/scratch.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;

const std::filesystem::path kFolder = std::filesystem::path(WENGERT_TEST_DATA_DIR) / "safetensors";

/// A file with this header.
std::string file(const std::string& header, const std::string& data = "") {
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) out += static_cast<char>((header.size() >> (8 * i)) & 0xFF);
  return out + header + data;
}

std::string tensor(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::string one(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"t":)" + tensor(type, shape, offsets) + "}";
}

void check_refused(const std::string& bytes, const std::string& reason) {
  CHECK_THROWS_WITH_AS(parse_safetensors(bytes), Contains(reason.c_str()), FileError);
}

}  // namespace

TEST_CASE("tensors of several types and metadata are read") {
  const Safetensors content = read_safetensors(kFolder / "mixed.safetensors");
  CHECK(content.tensors.at("a").to<float>() == Tensor<float>{{1.5f, -2}});
  CHECK(content.tensors.at("b").to<std::int64_t>().item() == -7);
  CHECK(content.tensors.at("c").to<double>().shape() == Shape{0, 3});
  CHECK(content.tensors.at("d").to<double>() == Tensor<double>{255});
  CHECK(content.tensors.size() == 4);
  CHECK(content.metadata == Metadata{{"made by", "hand"}});
}

TEST_CASE("what is written comes back, elements aligned, and the same content gives the same bytes") {
  const Safetensors content{{{"a", Tensor<float>{0.1f, -0.0f, HUGE_VALF}},
                             {"z \"ü\"", Tensor<double>{{1e-300, 2}}},
                             {"n", Tensor<std::int64_t>(7)},
                             {"b", Array(DType::u8, Shape{3}, "abc")},
                             {"e", Array()}},
                            {{"k", "v"}, {"", "\n"}}};
  const std::string bytes = safetensors_bytes(content);
  const Safetensors back = parse_safetensors(bytes);
  CHECK(back.tensors == content.tensors);
  CHECK(back.metadata == content.metadata);
  CHECK(safetensors_bytes(back) == bytes);
  const auto data = 8 + static_cast<unsigned char>(bytes[0]) + 256u * static_cast<unsigned char>(bytes[1]);
  CHECK(data % 8 == 0);
  CHECK(bytes.substr(bytes.size() - 3) == "abc");  // the narrowest type last
  const test::Scratch scratch("");
  write_safetensors(scratch.path, content);
  CHECK(read_file(scratch.path) == bytes);
  CHECK(parse_safetensors(safetensors_bytes({})).tensors.empty());
}

TEST_CASE("the byte range of a tensor equals shape times type (B158)") {
  check_refused(file(one("F32", "[1000,1000]", "[0,4]"), "1234"),
                "parse_safetensors: byte 8: tensor \"t\" of [1000, 1000] f32 takes 1000000 times 4 bytes, its "
                "data_offsets are [0, 4]   at safetensors_test.cpp:");
  check_refused(file(one("F32", "[1]", "[0,5]"), "12345"), "takes 1 times 4 bytes");
  check_refused(file(one("F32", "[4294967296,4294967296]", "[0,0]")), "more than 2^63 - 1 elements");
  check_refused(file(one("F32", "[2,2]", "[0,16]"), "1234"), "tensor \"t\" takes 16 bytes, the file has 4 more");
}

TEST_CASE("reversed or negative offsets are errors (B160)") {
  check_refused(file(one("F32", "[1]", "[8,4]"), "12345678"), "data_offsets are [8, 4]");
  check_refused(file(one("F32", "[1]", "[-4,0]"), "1234"), "data_offsets of tensor \"t\" are no list of numbers");
  check_refused(file(one("F32", "[1]", "[0,4.0]"), "1234"), "no list of numbers");
  check_refused(file(one("F32", "[-1]", "[0,4]"), "1234"), "dimensions of tensor \"t\" are no list of numbers");
}

TEST_CASE("a header near 2^64 bytes does not wrap (B161)") {
  check_refused(std::string(8, '\xff'), "byte 8: the header takes 18446744073709551615 bytes, the file has 0 more");
  check_refused(std::string(7, '\xff') + std::string(7, '\xff') + "\xff", "the file has 7 more");
  check_refused("abc", "byte 0: the size of the header takes 8 bytes, the file has 3 more");
}

TEST_CASE("duplicate names are errors that say so (B163)") {
  const std::string t = tensor("F32", "[1]", "[0,4]");
  check_refused(file(R"({"t":)" + t + R"(,"t":)" + t + "}", "1234"), "duplicate name \"t\"");
  check_refused(file(R"({"__metadata__":{"a":"1","a":"2"}})"), "duplicate name \"a\"");
  check_refused(file(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"shape":[1]}})", "1"),
                "duplicate name \"shape\"");
  // An escaped name is the same name.
  check_refused(file(R"({"t":)" + t + R"(,"\u0074":)" + t + "}", "1234"), "duplicate name \"t\"");
}

TEST_CASE("metadata may be empty or alone (B164)") {
  const Safetensors number = read_safetensors(kFolder / "rank0.safetensors");
  CHECK(number.tensors.at("x").to<double>().item() == 1.5);
  CHECK(number.metadata.empty());
  CHECK(std::filesystem::file_size(kFolder / "metadata_only.safetensors") == 34);
  const Safetensors notes = read_safetensors(kFolder / "metadata_only.safetensors");
  CHECK(notes.tensors.empty());
  CHECK(notes.metadata == Metadata{{"a", "b"}});
}

TEST_CASE("holes, overlaps and what is left over are errors") {
  const std::string a = tensor("U8", "[2]", "[0,2]");
  check_refused(file(R"({"a":)" + a + R"(,"b":)" + tensor("U8", "[2]", "[1,3]") + "}", "123"),
                "tensor \"b\" begins at offset 1, the one before ends at 2");
  check_refused(file(R"({"a":)" + a + R"(,"b":)" + tensor("U8", "[2]", "[3,5]") + "}", "12345"), "begins at offset 3");
  check_refused(file(R"({"a":)" + a + R"(,"b":)" + a + "}", "12"), "begins at offset 0");
  check_refused(file(R"({"a":)" + a + "}", "123"), "1 bytes behind the last tensor");
}

TEST_CASE("a header that is not the format's JSON is an error") {
  for (const char* header :
       {"", "[]", "1", "{", "{}x", R"({"t":1})", R"({"t":{}})", R"({"t":[1,2,3]})", R"({"__metadata__":[]})",
        R"({"__metadata__":{"a":1}})", R"({"t":{"dtype":1,"shape":[1],"data_offsets":[0,1]}})",
        R"({"t":{"dtype":"U8","shape":{},"data_offsets":[0,1]}})",
        R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})",
        R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}})", "{\"\xff\":1}"}) {
    CAPTURE(header);
    CHECK_THROWS_AS(parse_safetensors(file(header, "1")), FileError);
  }
  check_refused(file(one("F16", "[1]", "[0,2]"), "12"), "is of type \"F16\", which is not read");
  check_refused(file(one("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), "1"), "at most 8 dimensions");
  check_refused(file(std::string(1 << 20, '[')), "nests deeper than 3 levels");
}

TEST_CASE("a file cut anywhere is an error") {
  const std::string whole = read_file(kFolder / "mixed.safetensors");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THROWS_AS(parse_safetensors(whole.substr(0, size)), FileError);
  }
}

TEST_CASE("names the format cannot hold are refused before a file is touched") {
  CHECK_THROWS_WITH_AS(safetensors_bytes({{{"__metadata__", Array()}}, {}}), Contains("__metadata__"), ValueError);
  CHECK_THROWS_WITH_AS(safetensors_bytes({{{"\xff", Array()}}, {}}), Contains("not UTF-8"), ValueError);
}

}  // namespace wengert::nn
