/// What a method of optimisation is: a name, a rate, and one formula on Vars.
///
/// A method is a plain struct (methods.hpp holds ours, a user's own works as well):
///
///   struct Momentum {
///     static constexpr std::string_view name = "momentum";
///     double rate = 1e-2, decay = 0, momentum = 0.9;             // any options beside rate and decay
///     void operator()(auto& at, auto& w, auto g) const {         // recorded once for every parameter
///       auto& v = at["v"];                                       // a moment: zeros before the first step
///       v = momentum * v + g;
///       w -= at.rate() * v;
///     }
///   };
///
/// 1. All assignments of a step are simultaneous, and what is read before it is assigned is the value of the step
///    before.
/// 2. `decay` is decoupled for every method: w ← w - η decay w beside the formula (Loshchilov and Hutter 2019).
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// f(η, t): a number of step t, counted from 1, whose rate is η.
using StepNumber = std::function<double(double rate, double step)>;

/// What a formula sees of the parameter it updates.
template <class T>
class Update {
 public:
  struct Moment {
    std::string name;
    Var<T> leaf, next;
  };
  struct Number {
    StepNumber f;
    Var<T> leaf;
  };
  /// With `learn`, moments and numbers not seen before are noted with zeros in place of their leaves.
  Update(Var<T> w, std::deque<Moment>& moments, std::deque<Number>& numbers, bool learn, Source where)
      : w_(w), moments_(moments), numbers_(numbers), learn_(learn), where_(where) {}

  /// The moment of this name, of the parameter's shape. What is assigned to it is kept for the next step, without its
  /// subnormals: the moments of a parameter without a gradient would stop there, and halve the speed of some steps.
  Var<T>& operator[](std::string_view name);
  /// A number of the step, computed in double on the host before each run; shared by the parameters of a group.
  Var<T> number(const StepNumber& f);
  /// η.
  Var<T> rate() {
    return number([](double eta, double) { return eta; });
  }

 private:
  Var<T> w_;
  std::deque<Moment>& moments_;
  std::deque<Number>& numbers_;
  bool learn_;
  Source where_;
  std::size_t next_number_ = 0;
};

/// Throws ValueError `adam: rate is -1, it must be finite and not negative` if `value` is not in [0, end), or NaN.
void expect_option(std::string_view method, const char* option, double value, double end, Source where);

/// Any method, its type erased. Throws ValueError unless its rate, decay, epsilon, momentum and psi, as far as it has
/// them, are finite and not negative, and its beta1, beta2 and rho in [0, 1).
class Method {
 public:
  template <class M>
  requires requires(M m, Update<double>& at, Var<double>& w) {
    { M::name } -> std::convertible_to<std::string_view>;
    { m.rate + m.decay } -> std::convertible_to<double>;
    m(at, w, w);
  }
  Method(M method, Source where = Source::here())  // NOLINT: a method is given by its struct
      : name_(M::name), rate_(method.rate), decay_(method.decay), in_float_(method), in_double_(method) {
    constexpr double any = std::numeric_limits<double>::infinity();
    expect_option(name_, "rate", method.rate, any, where);
    expect_option(name_, "decay", method.decay, any, where);
    if constexpr (requires { method.epsilon; }) expect_option(name_, "epsilon", method.epsilon, any, where);
    if constexpr (requires { method.momentum; }) expect_option(name_, "momentum", method.momentum, any, where);
    if constexpr (requires { method.psi; }) expect_option(name_, "psi", method.psi, any, where);
    if constexpr (requires { method.beta1; }) expect_option(name_, "beta1", method.beta1, 1, where);
    if constexpr (requires { method.beta2; }) expect_option(name_, "beta2", method.beta2, 1, where);
    if constexpr (requires { method.rho; }) expect_option(name_, "rho", method.rho, 1, where);
  }

  const std::string& name() const { return name_; }
  double rate() const { return rate_; }
  double decay() const { return decay_; }
  /// Records the formula: `w` becomes its next value, and so do the moments of `at`.
  void operator()(Update<float>& at, Var<float>& w, Var<float> g) const { in_float_(at, w, g); }
  void operator()(Update<double>& at, Var<double>& w, Var<double> g) const { in_double_(at, w, g); }

 private:
  template <class T>
  using Formula = std::function<void(Update<T>&, Var<T>&, Var<T>)>;
  std::string name_;
  double rate_, decay_;
  Formula<float> in_float_;
  Formula<double> in_double_;
};

extern template class Update<float>;
extern template class Update<double>;

}  // namespace wengert::nn
