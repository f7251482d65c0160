#include "nn/model/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "nn/data/rows.hpp"

namespace wengert::nn {

template <class T>
typename Predictor<T>::Block& Predictor<T>::block(Tape<T>& tape, std::size_t i, const Shape& row, Source where) {
  Block& block = blocks_[i];
  const Shape rows = with_rows(kRows[i], row);
  if (tape.holds(block.x) && block.x.shape() == rows) return block;
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
  const Var<T> out = model_(block.x);
  block.out = out.shape(where);
  block.program = compile(out, where);
  return block;
}

template <class T>
Tensor<T> Predictor<T>::operator()(Tape<T>& tape, const Tensor<T>& x, Source where) {
  if (x.rank() == 0) throw ShapeError(locate("predict", "x has no rows: its shape is []", where));
  const std::int64_t n = x.shape()[0];
  const auto largest =
      std::ranges::find_if(kRows, [n](std::int64_t rows) { return rows <= std::max<std::int64_t>(n, 1); });
  const Block& first = block(tape, static_cast<std::size_t>(largest - kRows.begin()), x.shape(), where);
  Tensor<T> out(with_rows(n, first.out), where);
  (*this)(tape, x.values(), x.shape(), out.values(), where);
  return out;
}

template <class T>
void Predictor<T>::operator()(Tape<T>& tape, std::span<const T> x, const Shape& shape, std::span<T> y, Source where) {
  const std::int64_t n = shape[0], width_in = n == 0 ? 0 : shape.size() / n;
  if (std::ssize(x) != shape.size()) {
    throw ShapeError(locate(
        "predict", fmt::format("x of shape {} needs {} elements, it has {}", to_string(shape), shape.size(), x.size()),
        where));
  }
  std::int64_t done = 0;
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    for (; n - done >= kRows[i]; done += kRows[i]) {
      Block& part = block(tape, i, shape, where);
      const std::int64_t width_out = width(part);
      if (std::ssize(y) != n * width_out) {
        throw ShapeError(locate(
            "predict", fmt::format("y needs {} elements for {} rows, it has {}", n * width_out, n, y.size()), where));
      }
      tape.set(part.x,
               x.subspan(static_cast<std::size_t>(done * width_in), static_cast<std::size_t>(kRows[i] * width_in)),
               where);
      part.program.run(where);
      std::copy_n(part.program.output().data, kRows[i] * width_out, y.data() + done * width_out);
    }
  }
}

template <class T>
void Predictor<T>::prepare(Tape<T>& tape, const Shape& shape, Source where) {
  if (shape.rank() == 0 || shape[0] < 1) {
    throw ShapeError(locate("prepare", fmt::format("at least one row is needed: {}", to_string(shape)), where));
  }
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i] <= shape[0]) block(tape, i, shape, where).program.run(where);
  }
}

template class Predictor<float>;
template class Predictor<double>;

}  // namespace wengert::nn
