/// A model's output for tensors, again and again, without recording again.
#pragma once

#include <array>
#include <functional>

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// The model must treat the rows of x one by one: any number of rows is run as blocks of 512, 64, 8 and 1, so there are
/// four small programs at most, each compiled when it is first needed. A call allocates its result and nothing else.
template <class T>
class Predictor {
 public:
  using Model = std::function<Var<T>(Var<T> x)>;
  explicit Predictor(Model model) : model_(std::move(model)) {}

  /// x [n, …] -> [n, …]. Throws what the model throws for a wrong x, and UsageError if it mixes rows.
  Tensor<T> operator()(Tape<T>& tape, const Tensor<T>& x, Source where = Source::here());

 private:
  struct Block {
    Var<T> x;
    Program<T> program;
  };
  Block& block(Tape<T>& tape, std::size_t i, const Shape& row, Source where);

  static constexpr std::array<std::int64_t, 4> kRows{512, 64, 8, 1};
  Model model_;
  std::array<Block, 4> blocks_;
};

extern template class Predictor<float>;
extern template class Predictor<double>;

}  // namespace wengert::nn
