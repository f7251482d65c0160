/// Reading answers that others computed: tests/data/oracles/README.md.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "autodiff/autodiff.hpp"

namespace wengert::test {

using Json = nlohmann::json;

/// The rows of a gzip file of one JSON object a line.
inline std::vector<Json> read_rows(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("read_rows: cannot open " + path);
  std::string text(1 << 16, '\0'), all;
  for (int n = 0; (n = gzread(file, text.data(), static_cast<unsigned>(text.size()))) > 0;) {
    all.append(text, 0, static_cast<std::size_t>(n));
  }
  gzclose(file);
  std::vector<Json> rows;
  for (std::size_t at = 0, end = 0; (end = all.find('\n', at)) != std::string::npos; at = end + 1) {
    rows.push_back(
        Json::parse(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(end)));
  }
  return rows;
}

inline double number_of(const Json& j) {
  if (j.is_boolean()) return j.get<bool>() ? 1 : 0;
  if (!j.is_string()) return j.get<double>();
  const std::string text = j.get<std::string>();
  return text == "nan" ? std::numeric_limits<double>::quiet_NaN()
                       : (text == "-inf" ? -1 : 1) * std::numeric_limits<double>::infinity();
}

inline Shape shape_of(const Json& dims) {
  std::vector<std::int64_t> out;
  for (const Json& d : dims) out.push_back(d.get<std::int64_t>());
  return Shape(out);
}

template <class T>
Tensor<T> tensor_of(const Json& j) {
  Tensor<T> out(shape_of(j.at("shape")));
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const Json& x = j.at("data")[static_cast<std::size_t>(i)];
    out.data()[i] = x.is_number_integer() ? static_cast<T>(x.get<std::int64_t>()) : static_cast<T>(number_of(x));
  }
  return out;
}

/// Whether the shapes are equal, what is not finite stands in the same places, and max|a - b| <= tolerance max|b|.
/// Where b is all 0, it is rounding noise of terms of size `scale` at most.
template <class T>
bool agrees(const Tensor<T>& a, const Tensor<T>& b, double tolerance, double scale = 0) {
  if (a.shape() != b.shape()) return false;
  double difference = 0, size = scale;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a.data()[i]), y = static_cast<double>(b.data()[i]);
    if (!std::isfinite(x) || !std::isfinite(y)) {
      if (x != y && !(std::isnan(x) && std::isnan(y))) return false;
      continue;
    }
    difference = std::max(difference, std::abs(x - y));
    size = std::max(size, std::abs(y));
  }
  return difference <= tolerance * size;
}

/// Thrown by the translation of a row that we cannot or will not run.
struct Skip {
  std::string reason;
};

/// What became of the rows of a file.
struct Tally {
  int rows = 0, agreed = 0;
  std::map<std::string, int> skipped;  ///< by reason
  std::map<std::string, int> lacking;  ///< operations that we do not have
  std::vector<std::string> wrong;

  std::string summary() const {
    int left_out = 0, lack = 0;
    std::string text, names;
    for (const auto& [reason, n] : skipped) {
      left_out += n;
      text += "\n  " + std::to_string(n) + " skipped: " + reason;
    }
    for (const auto& [name, n] : lacking) {
      lack += n;
      names += (names.empty() ? "" : ", ") + name + " (" + std::to_string(n) + ")";
    }
    return std::to_string(rows) + " rows, " + std::to_string(rows - left_out - lack) + " run, " +
           std::to_string(agreed) + " agreed, " + std::to_string(left_out) + " skipped, " + std::to_string(lack) +
           " of operations we do not have" + text + "\n  not there: " + names;
  }
};

/// Runs every row of a file whose operation `translations` knows. `compare(row, translation)` says what differs, or
/// nothing; `title(row)` names the row.
template <class Translations, class Compare, class Title>
Tally judge(const std::string& path, const Translations& translations, Compare compare, Title title) {
  Tally tally;
  for (const Json& row : read_rows(path)) {
    ++tally.rows;
    const std::string name = row.at("op");
    const auto translation = translations.find(name);
    if (translation == translations.end()) {
      ++tally.lacking[name];
      continue;
    }
    try {
      const std::string differs = compare(row, translation->second);
      if (differs.empty()) {
        ++tally.agreed;
      } else {
        tally.wrong.push_back("row " + std::to_string(tally.rows) + ", " + title(row) + ": " + differs);
      }
    } catch (const Skip& skip) {
      ++tally.skipped[skip.reason];
    } catch (const std::exception& error) {
      tally.wrong.push_back("row " + std::to_string(tally.rows) + ", " + title(row) + ": " + error.what());
    }
  }
  return tally;
}

}  // namespace wengert::test
