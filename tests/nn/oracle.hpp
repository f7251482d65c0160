/// Answers computed by other packages, see tests/data/oracles/README.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "autodiff/tensor/tensor.hpp"
#include "nn/data/file.hpp"

namespace wengert::test {

using Json = nlohmann::json;

/// The rows of tests/data/oracles/NAME.jsonl.gz.
inline std::vector<Json> oracle(const std::string& name) {
  std::istringstream lines(nn::read_file(std::filesystem::path(WENGERT_ORACLE_DIR) / (name + ".jsonl.gz")));
  std::vector<Json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
  return rows;
}

inline Tensor<double> tensor(const Json& json) {
  return {Shape(std::span<const std::int64_t>(json["shape"].get<std::vector<std::int64_t>>())),
          json["data"].get<std::vector<double>>()};
}

/// |a - b| / |b|, where 0/0 is 0.
inline double relative(double a, double b) { return a == b ? 0 : std::abs(a - b) / std::abs(b); }

}  // namespace wengert::test
