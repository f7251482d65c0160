/// Tables of numbers in text files: RFC 4180, and what is found in the wild.
///
/// 1. LF, CR LF, CR CR LF and CR end a line; the last line needs none. Lines without any character are skipped.
/// 2. A field in double quotes may hold separators, line ends (kept as they are) and "" for a quote. A quote inside an
///    unquoted field, text behind a closing quote and a quote that never closes are errors.
/// 3. Numbers do not depend on the locale. Spaces and tabs around a number and one leading + are allowed, so are inf
///    and nan. Hexadecimal, an empty field, and numbers outside the range of a double are errors.
/// 4. Every row has as many fields as the first.
/// 5. Errors name row and column, counted from 1 without header and skipped lines, and the line of the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

struct CsvOptions {
  char separator = ',';
  bool header = false;         ///< the first row names the columns: it is counted for their number, then dropped
  std::int64_t skip_rows = 0;  ///< lines to drop before anything else, whatever they hold
  /// Texts that stand for a number nobody has, such as "" or "NA": read as NaN.
  std::vector<std::string> missing{};
};

/// The numbers of a table [rows, columns]; [0, columns] if there is only a header, [0, 0] if there is nothing.
/// Throws FileError "parse_csv: row 3 (line 4), column 2: "abc" is not a number", ValueError for a separator that is a
/// quote or a line end, or for skip_rows < 0.
Tensor<double> parse_csv(std::string_view text, const CsvOptions& options = {}, Source where = Source::here());

/// `parse_csv` of a file, plain or gzip. The errors name the path, too.
Tensor<double> read_csv(const std::filesystem::path& path, const CsvOptions& options = {},
                        Source where = Source::here());

/// The fields of a table as text, unquoted, row by row, the header included. Same errors, those of numbers apart.
std::vector<std::vector<std::string>> csv_fields(std::string_view text, const CsvOptions& options = {},
                                                 Source where = Source::here());

/// A table [rows, columns] as RFC 4180 wants it: commas, CR LF, a first row of names if there are any, in quotes where
/// needed. Every number has the fewest digits that come back bit for bit. Throws ShapeError unless the rank is 2 and
/// the names are none or one per column.
template <class T>
std::string csv_text(const Tensor<T>& table, const std::vector<std::string>& names = {}, Source where = Source::here());
/// Writes it, by `write_file`.
template <class T>
void write_csv(const std::filesystem::path& path, const Tensor<T>& table, const std::vector<std::string>& names = {},
               Source where = Source::here());

}  // namespace wengert::nn
