/// The two sweeps of closed_form: forward by F1 to F4 and back by F5 to F13, and how their matrices are indexed.
#pragma once

#include "nn/delta/closed_form.hpp"

namespace wengert::nn::hand {

/// A tensor [rows, columns] indexed as formulas are: m(i, j).
template <class E>
struct Matrix {
  E* data;
  std::int64_t columns;
  E* row(std::int64_t i) const { return data + i * columns; }
  E& operator()(std::int64_t i, std::int64_t j) const { return row(i)[j]; }
};
template <class T>
Matrix<T> matrix(Tensor<T>& of) {
  return {of.data(), of.shape()[1]};
}
template <class T>
Matrix<const T> matrix(const Tensor<T>& of) {
  return {of.data(), of.shape()[1]};
}

/// aˡ⁻¹ of the layer `l`, counted from 0: x before the first.
template <class T>
const Tensor<T>& input_of(std::size_t l, const Tensor<T>& x, const HandBackprop<T>& out) {
  return l == 0 ? x : out.a[l - 1];
}

/// F1 to F3: fills z and a of every layer.
template <class T>
void feed_forward(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, HandBackprop<T>& out);

/// F4 or another cost, from z [batch, out] and a [batch, out] of the last layer.
template <class T>
T cost_of(Cost cost, const Tensor<T>& z, const Tensor<T>& a, const Tensor<T>& target);

/// Whether a formula is taken as it stands, or with the absolute values of its terms.
enum class Terms { as_they_are, absolute };

/// F5 to F13: fills delta, dW and db of every layer from z and a.
template <class T>
void feed_back(const std::vector<HandLayer<T>>& layers, const Tensor<T>& x, const Tensor<T>& target, Cost cost,
               Terms terms, HandBackprop<T>& out);

}  // namespace wengert::nn::hand
