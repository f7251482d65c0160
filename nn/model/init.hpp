/// Starting weights. W is [in, out]: its fan-in is `in`, its fan-out `out`.
#pragma once

#include "autodiff/tensor/random.hpp"

namespace wengert::nn {

enum class Init {
  glorot_uniform,  ///< uniform in ±sqrt(6 / (in + out)) (Glorot and Bengio 2010, 16)
  glorot_normal,   ///< normal with deviation sqrt(2 / (in + out))
  he_uniform,      ///< uniform in ±sqrt(6 / in) (He et al. 2015, 10)
  he_normal,       ///< normal with deviation sqrt(2 / in)
  uniform,         ///< uniform in ±1 / sqrt(in)
  normal,          ///< standard normal
  zeros,
};

/// Weights [in, out] drawn from `random`.
template <class T>
Tensor<T> initial_weights(std::int64_t in, std::int64_t out, Init init, Random& random);

}  // namespace wengert::nn
