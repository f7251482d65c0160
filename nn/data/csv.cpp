#include "nn/data/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <system_error>
#include <utility>

#include "autodiff/tensor/error.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

namespace {

/// About 40 bytes of a field, with control characters spelled out: the message stays one line.
std::string in_quotes(std::string_view field) {
  std::size_t size = std::min<std::size_t>(field.size(), 40);
  while (size < field.size() && (static_cast<unsigned char>(field[size]) & 0xC0) == 0x80) ++size;  // whole characters
  std::string out = "\"";
  for (const char c : field.substr(0, size)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + (field.size() > size ? "…\"" : "\"");
}

/// The field as it is written: in quotes where it must be.
std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos && !field.empty()) return field;
  std::string out = "\"";
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

/// Splits text into fields, one after the other.
class Reader {
 public:
  Reader(std::string_view text, const CsvOptions& options, const Origin& origin)
      : text_(text), separator_(options.separator), origin_(origin) {
    if (separator_ == '"' || is_line_end(separator_)) {
      throw ValueError(locate(origin_.operation, "the separator is a quote or a line end", origin_.where));
    }
    if (options.skip_rows < 0) {
      throw ValueError(
          locate(origin_.operation, fmt::format("skip_rows is {}, less than 0", options.skip_rows), origin_.where));
    }
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // byte order mark
    for (std::int64_t i = 0; i < options.skip_rows && at_ < text_.size(); ++i) {
      while (at_ < text_.size() && !is_line_end(text_[at_])) ++at_;
      end_line();
    }
    header_ = options.header;
  }

  /// Moves to the next row that has characters. False at the end of the text.
  bool next_row() {
    while (at_ < text_.size() && is_line_end(text_[at_])) end_line();
    if (at_ >= text_.size()) return false;
    if (column_ != 0 && !std::exchange(header_, false)) ++row_;
    column_ = 0;
    more_ = true;
    return true;
  }

  /// The next field of this row. False at the end of the row.
  bool next_field(std::string& field) {
    if (!more_) return false;
    ++column_;
    field.clear();
    if (at_ < text_.size() && text_[at_] == '"') {
      read_quoted(field);
    } else {
      const std::size_t first = at_;
      while (at_ < text_.size() && text_[at_] != separator_ && !is_line_end(text_[at_])) {
        if (text_[at_++] == '"')
          throw error(fmt::format("a quote inside {}", in_quotes(text_.substr(first, at_ - first))));
      }
      field = text_.substr(first, at_ - first);
    }
    more_ = at_ < text_.size() && text_[at_] == separator_;
    if (more_) ++at_;
    return true;
  }

  FileError error(const std::string& fact) const {
    return origin_.error(fmt::format("{}, column {}", place(), column_), fact);
  }
  FileError row_error(const std::string& fact) const { return origin_.error(place(), fact); }

 private:
  static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

  /// Passes one line end: LF, or CR of any number with the LF behind them.
  void end_line() {
    if (at_ >= text_.size()) return;
    while (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
  }

  void read_quoted(std::string& field) {
    const std::int64_t opened = line_;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] == '"') {
        if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      field += text_[at_];
    }
    if (at_ == text_.size()) {
      line_ = opened;
      throw error("a quote is never closed");
    }
    ++at_;
    if (at_ < text_.size() && text_[at_] != separator_ && !is_line_end(text_[at_])) {
      throw error(fmt::format("text behind the closing quote of {}", in_quotes(field)));
    }
  }

  std::string place() const {
    return header_ ? fmt::format("header (line {})", line_) : fmt::format("row {} (line {})", row_, line_);
  }

  std::string_view text_;
  char separator_;
  const Origin& origin_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1, row_ = 1, column_ = 0;
  bool header_ = false;
  bool more_ = false;
};

double number_in(std::string_view field, const CsvOptions& options, const Reader& reader) {
  std::string_view digits = field;
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!digits.empty() && is_blank(digits.front())) digits.remove_prefix(1);
  while (!digits.empty() && is_blank(digits.back())) digits.remove_suffix(1);
  if (std::ranges::find(options.missing, digits) != options.missing.end()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (digits.empty()) throw reader.error("the field is empty");
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  double value = 0;
  const char *first = digits.data(), *end = first + digits.size();
  const auto [stop, code] = std::from_chars(first, end, value);
  if (code == std::errc::result_out_of_range && stop == end) {
    throw reader.error(fmt::format("{} is outside the range of a double", in_quotes(field)));
  }
  if (code != std::errc() || stop != end) throw reader.error(fmt::format("{} is not a number", in_quotes(field)));
  return value;
}

Tensor<double> parse(std::string_view text, const CsvOptions& options, const Origin& origin) {
  Reader reader(text, options, origin);
  std::vector<double> values;
  std::string field;
  std::int64_t rows = 0, columns = -1;
  for (bool header = options.header; reader.next_row(); header = false) {
    std::int64_t count = 0;
    for (; reader.next_field(field); ++count) {
      if (!header) values.push_back(number_in(field, options, reader));
    }
    if (columns >= 0 && count != columns) {
      throw reader.row_error(fmt::format("{} fields, but the rows before have {}", count, columns));
    }
    columns = count;
    if (!header) ++rows;
  }
  return Tensor<double>(Shape{rows, columns < 0 ? 0 : columns}, values);
}

template <class T>
std::string text_of(const Tensor<T>& table, const std::vector<std::string>& names, const Origin& origin) {
  if (table.rank() != 2) {
    throw ShapeError(locate(origin.operation, fmt::format("{} is no table", to_string(table.shape())), origin.where));
  }
  const std::int64_t rows = table.shape()[0], columns = table.shape()[1];
  if (!names.empty() && names.size() != static_cast<std::size_t>(columns)) {
    throw ShapeError(locate(
        origin.operation, fmt::format("one name per column is needed (given: {}, columns: {})", names.size(), columns),
        origin.where));
  }
  std::string text;
  for (std::size_t j = 0; j < names.size(); ++j) text.append(j == 0 ? "" : ",").append(quoted(names[j]));
  if (!names.empty()) text += "\r\n";
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      // The fewest digits that come back bit for bit.
      fmt::format_to(std::back_inserter(text), "{}{}", j == 0 ? "" : ",", table.data()[i * columns + j]);
    }
    text += "\r\n";
  }
  return text;
}

}  // namespace

Tensor<double> parse_csv(std::string_view text, const CsvOptions& options, Source where) {
  return parse(text, options, {"parse_csv", "", where});
}

Tensor<double> read_csv(const std::filesystem::path& path, const CsvOptions& options, Source where) {
  const Origin origin{"read_csv", path.string(), where};
  return parse(read_file(origin), options, origin);
}

std::vector<std::vector<std::string>> csv_fields(std::string_view text, const CsvOptions& options, Source where) {
  const Origin origin{"csv_fields", "", where};
  Reader reader(text, options, origin);
  std::vector<std::vector<std::string>> rows;
  for (std::string field; reader.next_row();) {
    std::vector<std::string> row;
    while (reader.next_field(field)) row.push_back(field);
    if (!rows.empty() && row.size() != rows.front().size()) {
      throw reader.row_error(fmt::format("{} fields, but the rows before have {}", row.size(), rows.front().size()));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

template <class T>
std::string csv_text(const Tensor<T>& table, const std::vector<std::string>& names, Source where) {
  return text_of(table, names, {"csv_text", "", where});
}

template <class T>
void write_csv(const std::filesystem::path& path, const Tensor<T>& table, const std::vector<std::string>& names,
               Source where) {
  const Origin origin{"write_csv", path.string(), where};
  write_file(origin, text_of(table, names, origin));
}

#define INSTANTIATE(T)                                                                      \
  template std::string csv_text(const Tensor<T>&, const std::vector<std::string>&, Source); \
  template void write_csv(const std::filesystem::path&, const Tensor<T>&, const std::vector<std::string>&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
INSTANTIATE(std::int64_t);
#undef INSTANTIATE

}  // namespace wengert::nn
