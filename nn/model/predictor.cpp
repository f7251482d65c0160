#include "nn/model/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wengert::nn {

namespace {

Shape with_rows(std::int64_t rows, const Shape& shape) {
  std::array<std::int64_t, kMaxRank> dims{};
  std::ranges::copy(shape, dims.begin());
  dims[0] = rows;
  return Shape(std::span<const std::int64_t>(dims.data(), static_cast<std::size_t>(shape.rank())));
}

/// False once the scope in which x was made has closed.
template <class T>
bool is_alive(Tape<T>& tape, Var<T> x) {
  return !x.empty() && x.id() < tape.size() && tape.node(x.id()).generation == x.generation();
}

}  // namespace

template <class T>
typename Predictor<T>::Block& Predictor<T>::block(Tape<T>& tape, std::size_t i, const Shape& row, Source where) {
  Block& block = blocks_[i];
  const Shape rows = with_rows(kRows[i], row);
  if (is_alive(tape, block.x) && &block.x.tape() == &tape && block.x.shape() == rows) return block;
  {  // what is wrong with x shows before anything is kept
    const auto scope = tape.scope(where);
    const Shape out = model_(tape.leaf(Tensor<T>(rows), where)).shape(where);
    if (out.rank() == 0 || out[0] != kRows[i]) {
      throw UsageError(
          locate("predict", fmt::format("{} rows give {}, not a row each", kRows[i], to_string(out)), where));
    }
  }
  block.x = tape.leaf(Tensor<T>(rows), where);
  const auto scope = tape.scope(where);
  block.program = compile(model_(block.x), where);
  return block;
}

template <class T>
Tensor<T> Predictor<T>::operator()(Tape<T>& tape, const Tensor<T>& x, Source where) {
  if (x.rank() == 0) throw ShapeError(locate("predict", "x has no rows: its shape is []", where));
  const std::int64_t n = x.shape()[0], width = n == 0 ? 0 : x.size() / n;
  Tensor<T> out;
  std::int64_t done = 0, out_width = 0;
  const auto prepare = [&](const Block& with) {
    const Shape& shape = with.program.output().shape;
    out_width = shape.size() / shape[0];
    out = Tensor<T>(with_rows(n, shape));
  };
  if (n == 0) {
    Block& one = block(tape, kRows.size() - 1, x.shape(), where);
    one.program.run(where);
    prepare(one);
  }
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    while (n - done >= kRows[i]) {
      Block& part = block(tape, i, x.shape(), where);
      tape.set(part.x, std::span<const T>(x.data() + done * width, static_cast<std::size_t>(kRows[i] * width)), where);
      part.program.run(where);
      if (done == 0) prepare(part);
      std::copy_n(part.program.output().data, kRows[i] * out_width, out.data() + done * out_width);
      done += kRows[i];
    }
  }
  return out;
}

template class Predictor<float>;
template class Predictor<double>;

}  // namespace wengert::nn
