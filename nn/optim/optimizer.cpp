#include "nn/optim/optimizer.hpp"

#include <fmt/format.h>

#include <cmath>

namespace wengert::nn {

void expect_option(std::string_view method, const char* option, double value, double end, Source where) {
  if (value >= 0 && value < end) return;
  throw ValueError(locate(method,
                          std::isinf(end) ? fmt::format("{} is {}, it must be finite and not negative", option, value)
                                          : fmt::format("{} is {}, it must be in [0, {})", option, value, end),
                          where));
}

template <class T>
Var<T>& Update<T>::operator[](std::string_view name) {
  for (Moment& moment : moments_) {
    if (moment.name == name) return moment.next;
  }
  if (!learn_) throw UsageError(locate("updates", fmt::format("the formula asks for a new moment {}", name), where_));
  const Var<T> zero = w_.tape().constant(T(0), w_.shape(), where_);
  return moments_.emplace_back(Moment{std::string(name), zero, zero}).next;
}

template <class T>
Var<T> Update<T>::number(const StepNumber& f) {
  if (next_number_ == numbers_.size()) {
    if (!learn_) throw UsageError(locate("updates", "the formula asks for a new number", where_));
    numbers_.push_back({f, w_.tape().constant(T(0), Shape{}, where_)});
  }
  return numbers_[next_number_++].leaf;
}

template <class T>
Optimizer<T>::Optimizer(std::vector<Var<T>> parameters, const Method& method, Source where)
    : Optimizer(std::vector<Group<T>>{Group<T>{std::move(parameters)}}, method, where) {}

template <class T>
Optimizer<T>::Optimizer(const std::vector<Group<T>>& groups, const Method& method, Source where)
    : method_(method), rate_(method.rate()), groups_(groups), numbers_(groups.size()) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const Var<T>& w : groups[i].parameters) states_.push_back({w, i, {}});
  }
  if (states_.empty()) throw UsageError(locate("optimizer", "no parameters were given", where));
  for (const Group<T>& group : groups) {
    if (!group.method || method_.rate() != 0) continue;
    throw ValueError(locate(
        "optimizer",
        fmt::format("the rate of {} is 0, that of {} cannot be scaled by it", method_.name(), group.method->name()),
        where));
  }
  for (const Group<T>& group : groups) {
    constexpr double any = std::numeric_limits<double>::infinity();
    expect_option("optimizer", "rate_factor", group.rate_factor, any, where);
    if (group.decay) expect_option("optimizer", "decay", *group.decay, any, where);
  }
  Tape<T>& tape = states_[0].w.tape();
  {  // the formula itself says what it keeps and which numbers it reads
    const auto scope = tape.scope(where);
    for (State& state : states_) {
      Var<T> w = state.w;
      record(state, numbers_[state.group], true, w, w, where);
    }
  }
  for (State& state : states_) {
    for (auto& moment : state.moments)
      moment.leaf = tape.leaf(Tensor<T>(Shape(state.w.shape(where, "optimizer"))), where);
  }
  for (Numbers& numbers : numbers_) {
    for (auto& number : numbers) number.leaf = tape.leaf(0, where);
  }
}

template <class T>
void Optimizer<T>::record(State& state, Numbers& numbers, bool learn, Var<T>& w, Var<T> g, Source where) const {
  Update<T> at(state.w, state.moments, numbers, learn, where);
  const Group<T>& group = groups_[state.group];
  const Method& method = method_of(group);
  const double decay = group.decay.value_or(method.decay());
  if (decay != 0) w *= at.number([decay](double eta, double) { return 1 - eta * decay; });
  method(at, w, g);
}

template <class T>
std::vector<Assign<T>> Optimizer<T>::updates(const std::vector<Var<T>>& gradients, Source where) const {
  if (gradients.size() != states_.size()) {
    throw UsageError(locate("updates",
                            fmt::format("one gradient per parameter is needed (given: {}, parameters: {})",
                                        gradients.size(), states_.size()),
                            where));
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const Shape &shape = states_[i].w.shape(where, "updates"), &given = gradients[i].shape(where, "updates");
    if (given == shape) continue;
    throw ShapeError(locate("updates",
                            fmt::format("gradient {} must have the shape of its parameter, {}, it is {}", i,
                                        to_string(shape), to_string(given)),
                            where));
  }
  std::vector<Assign<T>> out;
  out.reserve(states_.size() * (1 + states_[0].moments.size()));
  for (std::size_t i = 0; i < states_.size(); ++i) {
    State& state = states_[i];
    for (auto& moment : state.moments) moment.next = moment.leaf;
    Var<T> w = state.w;
    record(state, numbers_[state.group], false, w, gradients[i], where);
    out.push_back(assign(state.w, w));
    for (const auto& moment : state.moments) out.push_back(assign(moment.leaf, without_subnormals(moment.next, where)));
  }
  return out;
}

template <class T>
double Optimizer<T>::rate_of(const Group<T>& group) const {
  if (!group.method) return rate_ * group.rate_factor;
  return group.method->rate() * group.rate_factor * (rate_ / method_.rate());  // x/x is 1 exactly
}

template <class T>
std::string Optimizer<T>::name() const {
  std::string text = method_.name();
  for (const Group<T>& group : groups_) {
    if (group.method) text += ", " + group.method->name();
  }
  return text;
}

template <class T>
void Optimizer<T>::prepare(std::int64_t step, Source where) {
  Tape<T>& tape = states_[0].w.tape();
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const double eta = rate_of(groups_[i]);
    for (auto& number : numbers_[i]) tape.set(number.leaf, number.f(eta, static_cast<double>(step)), where);
  }
}

template <class T>
std::vector<Var<T>> Optimizer<T>::parameters() const {
  std::vector<Var<T>> out;
  for (const State& state : states_) out.push_back(state.w);
  return out;
}

template <class T>
std::vector<typename Optimizer<T>::Moment> Optimizer<T>::moments() const {
  std::vector<Moment> out;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    for (const auto& moment : states_[i].moments) out.push_back({i, moment.name, moment.leaf});
  }
  return out;
}

template <class T>
void Optimizer<T>::reset(Source where) {
  for (const Moment& moment : moments()) {
    moment.leaf.tape().set(moment.leaf, Tensor<T>(Shape(moment.leaf.shape(where, "reset"))), where);
  }
}

template class Update<float>;
template class Update<double>;
template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace wengert::nn
