/// Derivatives and kernels of the user's own.
///
/// 1. A rule is a function on Vars: what it records is differentiated like anything else, so second and higher orders
///    need nothing more. It must be linear in the cotangent g, as a derivative is; forward mode is its transpose. A
///    rule that is not (a clipped gradient) has no forward mode, and compiling one is a UsageError. What a rule adds,
///    as in g + 1, forward mode does not see; gradcheck finds such a rule, like any wrong one, by its two modes.
/// 2. A tape and its programs own what they call: functions outlive the scope of their names.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Cotangents of the inputs x of y, given y's cotangent g. Each has the shape of its input, or is an empty Var: none.
template <class T>
using Rule = std::function<std::vector<Var<T>>(std::span<const Var<T>> x, Var<T> y, Var<T> g)>;

/// f(x), an expression of any operations, with `rule` in place of its derivative. The value costs what f costs.
///
///   auto y = custom_vjp([](auto x) { return log1p(exp(x[0])); },
///                       [](auto x, auto, auto g) { return std::vector{g * sigmoid(x[0])}; }, {x});
///
/// Throws UsageError if f or the rule is an empty std::function, or if f reads a Var that is not among x, for it would
/// have no derivative: give it as an input, or read stop_gradient of it. When differentiated, throws UsageError for
/// another number of cotangents than inputs and ShapeError for one of another shape.
template <class T>
Var<T> custom_vjp(const std::function<Var<T>(std::span<const Var<T>> x)>& f, Rule<T> rule, std::span<const Var<T>> x,
                  Source where = Source::here());
template <class F, class R, class T>
Var<T> custom_vjp(F&& f, R&& rule, const std::vector<Var<T>>& x, Source where = Source::here()) {
  return custom_vjp<T>(std::forward<F>(f), std::forward<R>(rule), std::span<const Var<T>>(x), where);
}
template <class F, class R, class T, std::size_t N>
Var<T> custom_vjp(F&& f, R&& rule, const Var<T> (&x)[N], Source where = Source::here()) {
  return custom_vjp<T>(std::forward<F>(f), std::forward<R>(rule), std::span<const Var<T>>(x), where);
}

/// What a user's kernel is.
template <class T>
struct Kernel {
  std::string name = "custom_kernel";  ///< in errors and profiles
  /// Fills all of y. Inputs and y are contiguous: `x[0].elements()` is a span, `x[0].shape` its shape. It depends on
  /// nothing but x, and may be called from any thread that runs a program of it.
  std::function<void(std::span<const View<const T>> x, const View<T>& y)> run{};
  /// The shape of y, or a function of the inputs' shapes, which may throw ShapeError. By default that of input 0.
  std::variant<std::monostate, Shape, std::function<Shape(std::span<const Shape> x)>> shape{};
  /// May use custom kernels in turn. Without one, differentiating is a UsageError.
  Rule<T> vjp{};
};

/// A kernel that records: `auto y = cube(x)`, `auto z = blend({x, y})`.
template <class T>
class CustomKernel {
 public:
  /// Throws UsageError if `how` has no function to run.
  explicit CustomKernel(Kernel<T> how, Source where = Source::here());
  /// Throws ShapeError with the operands' shapes if the kernel's shape function does.
  Var<T> operator()(std::span<const Var<T>> x, Source where = Source::here()) const;
  Var<T> operator()(std::initializer_list<Var<T>> x, Source where = Source::here()) const {
    return (*this)(std::span<const Var<T>>(x.begin(), x.size()), where);
  }
  Var<T> operator()(Var<T> x, Source where = Source::here()) const {
    return (*this)(std::span<const Var<T>>(&x, 1), where);
  }

  struct State;

 private:
  std::shared_ptr<const State> state_;
};

/// A user's C++ function as an operation of T. Make it once and call it often: a program recorded again is found again
/// only if its kernels are the same. Running it allocates nothing but what the function does. What the function throws
/// comes out of `run` and `value`; no leaf has changed then, the outputs are undefined until the next run, and all
/// stays usable. Calls are never merged.
template <class T>
CustomKernel<T> custom_kernel(Kernel<T> how, Source where = Source::here()) {
  return CustomKernel<T>(std::move(how), where);
}

}  // namespace wengert
