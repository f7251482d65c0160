#include "nn/data/csv.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <clocale>
#include <cmath>
#include <filesystem>
#include <limits>
#include <locale>
#include <string>

#include "autodiff/tensor/error.hpp"
#include "nn/data/file.hpp"
#include "tests/nn/scratch.hpp"

namespace wengert::nn {
namespace {

using Fields = std::vector<std::vector<std::string>>;
using doctest::Contains;
using test::Scratch;

struct CommaDecimal : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
};

template <class T>
std::string text_of(T value, int digits) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, digits).ptr};
}

double read_back(const std::string& text) { return parse_csv(text).item(); }

std::string message(std::string_view text, const CsvOptions& options = {}) {
  try {
    parse_csv(text, options);
  } catch (const FileError& error) {
    return error.what();
  }
  return "no FileError";
}

}  // namespace

TEST_CASE("numbers parse the same under a comma-decimal locale (B143)") {
  const std::locale before = std::locale::global(std::locale(std::locale(), new CommaDecimal));
  const std::string c_before = std::setlocale(LC_ALL, nullptr);
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // has no effect where it is not installed; the C++ locale above always has
  const auto table = parse_csv("3.14;2.5e-3", {.separator = ';'});
  std::setlocale(LC_ALL, c_before.c_str());
  std::locale::global(before);
  CHECK(table == Tensor<double>{{3.14, 0.0025}});
}

TEST_CASE("a line end inside quotes belongs to the field (B145)") {
  CHECK(csv_fields("1,1,\"a\",0\n1,2,\"a\r\nb\",0") == Fields{{"1", "1", "a", "0"}, {"1", "2", "a\r\nb", "0"}});
}

TEST_CASE("CR LF and CR CR LF end one line (B146)") {
  const Tensor<double> expected{{1, 2}, {3, 4}};
  CHECK(parse_csv("1,2\r\n3,4\r\n") == expected);
  CHECK(parse_csv("1,2\r\r\n3,4") == expected);
  CHECK(parse_csv("1,2\r3,4\r") == expected);
  CHECK(parse_csv("\n1,2\n\n\r\n3,4\n\n") == expected);
  CHECK(csv_fields("1,2\r\r\n3,4\r\r\n") == Fields{{"1", "2"}, {"3", "4"}});
}

TEST_CASE("numbers written with 9 and 17 digits come back bit for bit (B194)") {
  for (const float x : {0.1f, 16777217.0f, 3.4028235e38f, 1.4e-45f}) {
    CHECK(static_cast<float>(read_back(text_of(x, 9))) == x);
  }
  CHECK(static_cast<float>(read_back("16777217")) == 16777216.0f);
  for (const double x : {0.1 + 0.2, 5e-324, -0.0, 1.7976931348623157e308, 2.2250738585072014e-308}) {
    CHECK(std::bit_cast<std::uint64_t>(read_back(text_of(x, 17))) == std::bit_cast<std::uint64_t>(x));
  }
  CHECK(read_back("0.30000000000000004") == 0.1 + 0.2);
}

TEST_CASE("quotes follow RFC 4180") {
  CHECK(csv_fields("\"a\"\"b\",\"\",\"x,y\"\r\n") == Fields{{"a\"b", "", "x,y"}});
  CHECK(parse_csv("\"1.5\",\"-2\"") == Tensor<double>{{1.5, -2}});
  CHECK_THROWS_WITH_AS(csv_fields("a\nb\"c\""), Contains("row 2 (line 2), column 1: a quote inside \"b\"\""),
                       FileError);
  CHECK_THROWS_WITH_AS(csv_fields("\"a\"b"), Contains("column 1: text behind the closing quote of \"a\""), FileError);
  CHECK_THROWS_WITH_AS(csv_fields("a,b\n1,\"2\n\n\n"), Contains("row 2 (line 2), column 2: a quote is never closed"),
                       FileError);
}

TEST_CASE("header, skipped lines and a byte order mark are dropped") {
  CHECK(parse_csv("\xEF\xBB\xBF"
                  "any \"thing\n\nx,y\n1,2\n",
                  {.header = true, .skip_rows = 2}) == Tensor<double>{{1, 2}});
  CHECK(parse_csv("x\ty", {.separator = '\t', .header = true}).shape() == Shape{0, 2});
  CHECK(parse_csv("").shape() == Shape{0, 0});
  CHECK(parse_csv("1\n2\n", {.skip_rows = 9}).shape() == Shape{0, 0});
}

TEST_CASE("blanks around a number, a plus sign, inf and nan are read") {
  CHECK(parse_csv(" 1 ,\t+2.5,.5,-inf\n") == Tensor<double>{{1, 2.5, 0.5, -std::numeric_limits<double>::infinity()}});
  CHECK(read_back("nan") != read_back("nan"));
}

TEST_CASE("an error names row, line, column and the text") {
  CHECK(
      message("1,2\n3,abc\n").find("parse_csv: row 2 (line 2), column 2: \"abc\" is not a number   at csv_test.cpp:") ==
      0);
  CHECK(message("h,k\n\n1,2\n3,4x", {.header = true}).find("row 2 (line 4), column 2: \"4x\" is not") !=
        std::string::npos);
  CHECK(message("1,\n").find("row 1 (line 1), column 2: the field is empty") != std::string::npos);
  CHECK(message("1,2\n3\n").find("row 2 (line 2): 1 fields, but the rows before have 2") != std::string::npos);
  CHECK(message("a,b\n1,2,3\n", {.header = true}).find("row 1 (line 2): 3 fields") != std::string::npos);
  CHECK(message("1e999").find("\"1e999\" is outside the range of a double") != std::string::npos);
  CHECK(message("\"1\n\",2\n", {.header = true}) == "no FileError");
  CHECK(message("\"a\nb\",c\n1,x\n", {.header = true}).find("row 1 (line 3), column 2") != std::string::npos);
  CHECK(message("1\a").find("\"1\\x07\" is not a number") != std::string::npos);
  for (const char* text : {"0x10", "+-1", "++1", "1 2", "3,14e", "--", "1e", "\"1\n\""}) {
    CHECK(message(text).find("is not a number") != std::string::npos);
  }
}

TEST_CASE("options that cannot work are refused") {
  CHECK_THROWS_AS(parse_csv("1", {.separator = '"'}), ValueError);
  CHECK_THROWS_AS(parse_csv("1", {.separator = '\n'}), ValueError);
  CHECK_THROWS_AS(parse_csv("1", {.skip_rows = -1}), ValueError);
}

TEST_CASE("a file that cannot be read is named with the reason") {
  CHECK_THROWS_WITH_AS(read_csv("/no/such.csv"), Contains("\"/no/such.csv\": No such file or directory"), FileError);
  const Scratch bad("1\nx\n");
  CHECK_THROWS_WITH_AS(read_csv(bad.path), Contains((bad.path.string() + "\" row 2").c_str()), FileError);
}

TEST_CASE("texts named as missing are read as NaN, and nothing else is") {
  const CsvOptions options{.missing = {"", "NA"}};
  const Tensor<double> table = parse_csv("1,,NA\n 2, NA ,3\n", options);
  CHECK(table.shape() == Shape{2, 3});
  CHECK((std::isnan(table.at(0, 1)) && std::isnan(table.at(0, 2)) && std::isnan(table.at(1, 1))));
  CHECK((table.at(0, 0) == 1 && table.at(1, 0) == 2 && table.at(1, 2) == 3));
  CHECK_THROWS_WITH_AS(parse_csv("1,na", options), Contains("\"na\" is not a number"), FileError);
}

TEST_CASE("a table that is written comes back bit for bit (B194)") {
  const Tensor<float> f32{{0.1f, 16777217.0f, 1.4e-45f}, {3.4028235e38f, -0.0f, 1.0f / 3}};
  const Tensor<double> f64{{0.1 + 0.2, 5e-324, -0.0}, {1.7976931348623157e308, 2.2250738585072014e-308, -1e22}};
  const Tensor<double> back32 = parse_csv(csv_text(f32)), back64 = parse_csv(csv_text(f64));
  for (int i = 0; i < 6; ++i) {
    CHECK(std::bit_cast<std::uint32_t>(static_cast<float>(back32.data()[i])) ==
          std::bit_cast<std::uint32_t>(f32.data()[i]));
    CHECK(std::bit_cast<std::uint64_t>(back64.data()[i]) == std::bit_cast<std::uint64_t>(f64.data()[i]));
  }
}

TEST_CASE("a table is written with CR LF, and names in quotes where they must be") {
  const Tensor<double> table{{1, 0.5}, {-2, 1e300}};
  CHECK(csv_text(table, {"x", "a \"b\", c"}) == "x,\"a \"\"b\"\", c\"\r\n1,0.5\r\n-2,1e+300\r\n");
  CHECK(csv_fields(csv_text(table, {"x", "two\nlines"})).front() == std::vector<std::string>{"x", "two\nlines"});
  const Scratch file("");
  write_csv(file.path, table, {"x", "y"});
  CHECK(read_csv(file.path, {.header = true}) == table);
  CHECK_THROWS_WITH_AS(csv_text(table, {"x"}), Contains("one name per column is needed (given: 1, columns: 2)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(csv_text(Tensor<double>{1, 2}), Contains("[2] is no table"), ShapeError);
}

TEST_CASE("the data of the examples have the sizes and sums of their description") {
  const std::filesystem::path folder(WENGERT_DATA_DIR);
  CHECK(read_csv(folder / "digits.csv.gz").shape() == Shape{1797, 65});
  const auto cancer = read_csv(folder / "breast_cancer.csv", {.skip_rows = 1});
  CHECK(cancer.shape() == Shape{569, 31});
  double benign = 0;
  for (std::int64_t n = 0; n < 569; ++n) benign += cancer.at(n, 30);
  CHECK(benign == 357);
}

}  // namespace wengert::nn
