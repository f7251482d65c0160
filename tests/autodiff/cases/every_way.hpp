/// A function and its gradient, evaluated in every way there is: the numbers of a case must hold in each of them.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autodiff/autodiff.hpp"

namespace wengert::test {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Relative, also for tiny numbers; NaN is near nothing.
inline bool near(double a, double b, double relative = 1e-14) {
  return a == b || std::abs(a - b) <= relative * std::abs(b);
}
inline double item(Var<double> x) { return value(x).item(); }
template <class T = double>
Tensor<T> number(T x) {
  return Tensor<T>(x);
}

template <class T>
struct Answer {
  std::string way;
  Tensor<T> y;
  std::vector<Tensor<T>> g;  ///< of the sum of y, one per leaf
};

/// f(leaves) and its gradient, f taking a std::vector of Vars:
///   value    what value() says
///   replay   what compiled programs say that ran for other leaves before
///   forward  the gradient as the slopes along each element of each leaf
template <class T = double, class F>
std::vector<Answer<T>> every_way(F f, const std::vector<Tensor<T>>& at) {
  Tape<T> tape;
  std::vector<Var<T>> x;
  for (const Tensor<T>& start : at) x.push_back(tape.leaf(start));
  const Var<T> y = f(x);
  std::vector<Var<T>> outputs = gradient(sum(y), x);
  outputs.insert(outputs.begin(), y);

  std::vector<Tensor<T>> values, replayed, forward;
  for (const Var<T>& output : outputs) values.push_back(value(output));
  for (const Var<T>& output : outputs) {
    Program<T> program = compile(output);
    for (std::size_t i = 0; i < x.size(); ++i) {
      Tensor<T> other = at[i];
      for (T& element : other) element = T(1.5) * element + T(0.75);
      tape.set(x[i], other);
    }
    program.run();
    for (std::size_t i = 0; i < x.size(); ++i) tape.set(x[i], at[i]);
    program.run();
    replayed.push_back(program.value());
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    Tensor<T> slopes(at[i].shape()), unit(at[i].shape());
    for (std::int64_t k = 0; k < unit.size(); ++k) {
      unit.data()[k] = 1;
      slopes.data()[k] = value(sum(jvp(y, x[i], tape.leaf(unit)))).item();
      unit.data()[k] = 0;
    }
    forward.push_back(slopes);
  }
  const auto rest = [](const std::vector<Tensor<T>>& all) {
    return std::vector<Tensor<T>>(all.begin() + 1, all.end());
  };
  return {{"value", values[0], rest(values)},
          {"replay", replayed[0], rest(replayed)},
          {"forward", values[0], std::move(forward)}};
}

}  // namespace wengert::test
