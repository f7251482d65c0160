#include "nn/data/npz.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "autodiff/tensor/error.hpp"
#include "nn/data/npy.hpp"
#include "nn/data/zip.hpp"
#include "tests/nn/scratch.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;

const std::filesystem::path kFolder = std::filesystem::path(WENGERT_TEST_DATA_DIR) / "npz";

/// `text` with the first `from` behind position `at` replaced by `to`.
std::string with(std::string text, const std::string& from, const std::string& to, std::size_t at = 0) {
  const std::size_t found = text.find(from, at);
  REQUIRE(found != std::string::npos);
  return text.replace(found, from.size(), to);
}

}  // namespace

TEST_CASE("archives written by NumPy are read, stored and deflated") {
  const Arrays stored = read_npz(kFolder / "stored.npz"), deflated = read_npz(kFolder / "deflated.npz");
  CHECK(stored.size() == 2);
  CHECK(stored.at("x").to<double>() == Tensor<double>{{1, 2, 3}, {4, 5, 6}});
  CHECK(stored.at("labels").to<std::int64_t>() == Tensor<std::int64_t>{2, 0});
  CHECK(deflated.at("one").to<double>().item() == 0.1);
  CHECK(deflated.at("x").shape() == Shape{8, 8});
  CHECK(deflated.at("x").to<float>().at(7, 5) == 5);
}

TEST_CASE("what is written comes back, and the same arrays give the same bytes") {
  const Arrays arrays{{"x", Tensor<float>{{0.1f, 2}, {3, 4}}}, {"n", Tensor<std::int64_t>(7)}, {"e", Array()}};
  CHECK(parse_npz(npz_bytes(arrays)) == arrays);
  CHECK(npz_bytes(arrays) == npz_bytes(arrays));
  CHECK(parse_npz(npz_bytes({})).empty());
  const test::Scratch file("");
  write_npz(file.path, arrays);
  CHECK(read_npz(file.path) == arrays);
}

TEST_CASE("a member that claims more than it holds is an error (B157)") {
  std::string body("\x93NUMPY\1\0\xff\xff", 10);
  CHECK_THROWS_WITH_AS(parse_npz(zip({{"x.npy", body}})),
                       Contains("parse_npz: member \"x.npy\": byte 10: the header takes 65535 bytes, the file has 0"),
                       FileError);
  body = with(npy_bytes(Tensor<double>{1, 2}), "(2,)", "(9,)");
  CHECK_THROWS_WITH_AS(parse_npz(zip({{"x.npy", body}})), Contains("[9] of f64 takes 9 times 8 bytes"), FileError);
  const test::Scratch file(zip({{"x.npy", body}}));
  CHECK_THROWS_WITH_AS(read_npz(file.path),
                       Contains((file.path.string() + "\" member \"x.npy\": byte 128: [9]").c_str()), FileError);
}

TEST_CASE("a member whose size or checksum is not that of the directory is an error") {
  const std::string content(3000, 'a');
  const Origin origin{"unzip", "", Source::here()};
  const std::string archive = zip({{"a", content}});
  CHECK(unzip(archive, 3000, origin).at("a") == content);
  CHECK_THROWS_WITH_AS(unzip(archive, 2999, origin), Contains("unpack to more than"), FileError);
  const std::size_t directory = archive.find("PK\1\2");
  const auto patched = [&](std::size_t at, const std::string& bytes) {
    std::string out = archive;
    return out.replace(directory + at, bytes.size(), bytes);
  };
  CHECK_THROWS_WITH_AS(unzip(patched(16, "abcd"), 10000, origin), Contains("member \"a\" is damaged"), FileError);
  CHECK_THROWS_WITH_AS(unzip(patched(24, "\xb7"), 10000, origin), Contains("damaged"), FileError);  // 2999
  CHECK_THROWS_WITH_AS(unzip(patched(24, "\xb9"), 10000, origin), Contains("damaged"), FileError);  // 3001
  CHECK_THROWS_WITH_AS(unzip(patched(24, std::string("\0\0\0\1", 4)), 1 << 30, origin),
                       Contains("claims 16777216 bytes, packed into"), FileError);
  CHECK_THROWS_WITH_AS(unzip(patched(10, "\x0c"), 10000, origin), Contains("packed by method 12"), FileError);
  CHECK_THROWS_WITH_AS(unzip(patched(8, "\1"), 10000, origin), Contains("encrypted"), FileError);
  CHECK_THROWS_WITH_AS(unzip(patched(42, "\xf0\xf0"), 10000, origin), Contains("begins at byte"), FileError);
}

TEST_CASE("a name that stands twice is an error") {
  std::string archive = zip({{"a", "1"}, {"b", "1"}});
  archive = with(archive, "b", "a", archive.find("PK\1\2"));
  CHECK_THROWS_WITH_AS(unzip(archive, 100, {"unzip", "", Source::here()}), Contains("member \"a\" is there twice"),
                       FileError);
}

TEST_CASE("an archive cut anywhere is an error") {
  const std::string archive = npz_bytes({{"x", Tensor<double>{1, 2}}});
  for (std::size_t size = 0; size < archive.size(); ++size) {
    CHECK_THROWS_AS(parse_npz(archive.substr(0, size)), FileError);
  }
  CHECK_THROWS_WITH_AS(parse_npz(zip({{"readme.txt", "x"}})), Contains("member \"readme.txt\": the name does not end"),
                       FileError);
}

}  // namespace wengert::nn
