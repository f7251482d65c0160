#include "nn/model/init.hpp"

#include <cmath>

namespace wengert::nn {

template <class T>
Tensor<T> initial_weights(std::int64_t in, std::int64_t out, Init init, Random& random) {
  const Shape shape{in, out};
  const double fan_in = static_cast<double>(in), fans = static_cast<double>(in + out);
  const auto within = [&](double limit) {
    return uniform<T>(shape, static_cast<T>(-limit), static_cast<T>(limit), random);
  };
  const auto spread = [&](double deviation) { return normal<T>(shape, T(0), static_cast<T>(deviation), random); };
  switch (init) {
    case Init::glorot_uniform: return within(std::sqrt(6 / fans));
    case Init::glorot_normal: return spread(std::sqrt(2 / fans));
    case Init::he_uniform: return within(std::sqrt(6 / fan_in));
    case Init::he_normal: return spread(std::sqrt(2 / fan_in));
    case Init::uniform: return within(1 / std::sqrt(fan_in));
    case Init::normal: return spread(1);
    case Init::zeros: break;
  }
  return Tensor<T>(shape);
}

template Tensor<float> initial_weights(std::int64_t, std::int64_t, Init, Random&);
template Tensor<double> initial_weights(std::int64_t, std::int64_t, Init, Random&);

}  // namespace wengert::nn
