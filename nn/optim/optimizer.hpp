/// An optimiser: a method applied to parameters. Its update is mathematics on Vars plus assigns, so that a whole
/// training step is one program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/optim/methods.hpp"

namespace wengert::nn {

/// Parameters that are treated alike.
template <class T>
struct Group {
  std::vector<Var<T>> parameters;
  double rate_factor = 1;          ///< times the optimiser's rate
  std::optional<double> decay{};   ///< in place of the method's
  std::optional<Method> method{};  ///< in place of the optimiser's, with a rate of its own: see set_rate
};

template <class T>
class Optimizer {
 public:
  /// Makes the moments as leaves of the parameters' tape, zero. Throws UsageError if there is no parameter, ValueError
  /// if a group has its own method and the optimiser's rate is 0, by which rates are scaled.
  explicit Optimizer(std::vector<Var<T>> parameters, const Method& method = Adam{}, Source where = Source::here());
  explicit Optimizer(const std::vector<Group<T>>& groups, const Method& method = Adam{}, Source where = Source::here());

  /// The assigns of one step, given the gradients of the parameters in their order. Put them into a program. Throws
  /// UsageError if there are more or fewer, ShapeError if one has not the shape of its parameter.
  std::vector<Assign<T>> updates(const std::vector<Var<T>>& gradients, Source where = Source::here()) const;
  /// Sets the numbers of step `step`, counted from 1: rates and bias corrections. Call it before each run.
  void prepare(std::int64_t step, Source where = Source::here());

  /// η of the next prepare. Starts as the method's. The rate of a group's own method is scaled in proportion.
  void set_rate(double rate) { rate_ = rate; }
  double rate() const { return rate_; }
  const Method& method() const { return method_; }
  /// "adam", or "adam, sgd" if a group has its own.
  std::string name() const;
  /// All parameters, group after group.
  std::vector<Var<T>> parameters() const;

  /// A moment, for snapshots: it belongs to parameters()[parameter].
  struct Moment {
    std::size_t parameter;
    std::string name;
    Var<T> leaf;
  };
  std::vector<Moment> moments() const;
  /// All moments are zero again.
  void reset(Source where = Source::here());

 private:
  using Numbers = std::deque<typename Update<T>::Number>;
  struct State {
    Var<T> w;
    std::size_t group;
    std::deque<typename Update<T>::Moment> moments;
  };
  const Method& method_of(const Group<T>& group) const { return group.method ? *group.method : method_; }
  double rate_of(const Group<T>& group) const;
  void record(State& state, Numbers& numbers, bool learn, Var<T>& w, Var<T> g, Source where) const;

  Method method_;
  double rate_;
  std::vector<Group<T>> groups_;
  // Mutable for a formula that is recorded: it writes the next values of the moments, which nobody reads afterwards.
  mutable std::vector<Numbers> numbers_;  ///< of each group
  mutable std::vector<State> states_;     ///< of each parameter
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace wengert::nn
