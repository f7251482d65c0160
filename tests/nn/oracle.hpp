/// Answers computed by other packages, see tests/data/oracles/README.md.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "tests/oracles/oracle.hpp"

namespace wengert::test {

/// The rows of tests/data/oracles/NAME.jsonl.gz.
inline std::vector<Json> oracle(const std::string& name) {
  return read_rows(std::string(WENGERT_ORACLE_DIR) + "/" + name + ".jsonl.gz");
}

inline Tensor<double> tensor(const Json& json) { return tensor_of<double>(json); }

/// |a - b| / |b|, where 0/0 is 0.
inline double relative(double a, double b) { return a == b ? 0 : std::abs(a - b) / std::abs(b); }

}  // namespace wengert::test
