/// Comparing tensors with numbers computed elsewhere.
#pragma once

#include <cmath>

#include "autodiff/autodiff.hpp"

/// Equal shapes, and every element within `relative` of its expected value; NaN and infinities equal themselves.
inline bool near(const wengert::Tensor<double>& got, const wengert::Tensor<double>& expected, double relative = 1e-14) {
  if (got.shape() != expected.shape()) return false;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const double a = got.data()[i], b = expected.data()[i];
    if (std::isnan(b) ? !std::isnan(a) : a != b && !(std::abs(a - b) <= relative * std::abs(b))) return false;
  }
  return true;
}

inline double item(wengert::Var<double> x) { return wengert::value(x).item(); }

/// Some numbers of both signs [2, 3, 4].
inline wengert::Tensor<double> numbers() {
  return {wengert::Shape{2, 3, 4}, {0.3,  -1.2, 2.0, 0.7,  1.1, 0.4,  -0.6, -2.3, 0.9,  1.7, -0.1, 0.2,
                                    -0.8, 2.2,  0.5, -1.4, 1.3, -0.7, 0.6,  1.9,  -2.1, 0.1, 1.0,  -0.3}};
}
