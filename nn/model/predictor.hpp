/// A model's output for tensors, again and again, without recording again.
#pragma once

#include <array>
#include <functional>

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// The model must treat the rows of x one by one: any number of rows is run as blocks of 512, 64, 8 and 1, so there are
/// four small programs at most, each compiled when it is first needed. A call allocates its result and nothing else.
///
/// For a thread that must not wait (audio, control), everything is made before:
///
///   predictor.prepare(tape, Shape{512, 32});       // on the thread that predicts, before it counts
///   predictor(tape, x, Shape{rows, 32}, y);        // for any rows <= 512: no memory, no lock, no compiling
///
/// A prediction writes to leaves of the tape: like all that uses a tape, it is for one thread at a time. Two threads
/// that predict at once need a model each, on tapes of their own.
template <class T>
class Predictor {
 public:
  using Model = std::function<Var<T>(Var<T> x)>;
  explicit Predictor(Model model) : model_(std::move(model)) {}

  /// x [n, …] -> [n, …]. Throws what the model throws for a wrong x, and UsageError if it mixes rows.
  Tensor<T> operator()(Tape<T>& tape, const Tensor<T>& x, Source where = Source::here());
  /// The same from and into memory of the caller's: x of this shape, row-major, y as many elements as the model makes
  /// of it. Allocates nothing once `prepare` was called for as many rows. Throws ShapeError if a size is another.
  void operator()(Tape<T>& tape, std::span<const T> x, const Shape& shape, std::span<T> y,
                  Source where = Source::here());
  /// Compiles and runs once what 1 to shape[0] rows of this shape need; shape[0] >= 1.
  void prepare(Tape<T>& tape, const Shape& shape, Source where = Source::here());

 private:
  struct Block {
    Var<T> x;
    Shape out;
    Program<T> program;
  };
  Block& block(Tape<T>& tape, std::size_t i, const Shape& row, Source where);
  /// Elements that the model makes of a row.
  std::int64_t width(const Block& block) const { return block.out.size() / block.out[0]; }

  static constexpr std::array<std::int64_t, 4> kRows{512, 64, 8, 1};
  Model model_;
  std::array<Block, 4> blocks_;
};

extern template class Predictor<float>;
extern template class Predictor<double>;

}  // namespace wengert::nn
