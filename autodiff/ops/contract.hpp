/// Products of vectors, matrices and tensors, all made of matmul or of elementwise products. Negative axes count from
/// the end; one out of range is a ShapeError.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Σ of the products of all elements, in row-major order: two tensors of equal size -> []. Throws ShapeError if the
/// sizes differ.
template <class T>
Var<T> vdot(Var<T> a, Var<T> b, Source where = Source::here());
/// y_ij = a_i b_j over the elements in row-major order: [m, n].
template <class T>
Var<T> outer(Var<T> a, Var<T> b, Source where = Source::here());
/// Contracted over the last axis of both: [..., k], [***, k] -> [..., ***]. Throws ShapeError as tensordot.
template <class T>
Var<T> inner(Var<T> a, Var<T> b, Source where = Source::here());
/// Every element of a times all of b, as blocks: [m, n], [p, q] -> [m p, n q]. The smaller rank gets axes of length 1
/// in front. Throws ShapeError above rank 4.
template <class T>
Var<T> kron(Var<T> a, Var<T> b, Source where = Source::here());

/// Contracted over axes a_axes of a and b_axes of b, pair by pair; the others of a come first, then those of b.
/// Throws ShapeError if the lengths of a pair differ, an axis is named twice, or there are not as many of both.
template <class T>
Var<T> tensordot(Var<T> a, Var<T> b, const std::vector<int>& a_axes, const std::vector<int>& b_axes,
                 Source where = Source::here());
/// The last `axes` axes of a with the first ones of b.
template <class T>
Var<T> tensordot(Var<T> a, Var<T> b, int axes = 2, Source where = Source::here());

/// The product of matrices, bracketed so that the fewest multiplications are needed (Cormen et al., chapter 15). The
/// first may be a row [k], the last a column [k], whose axes disappear. Throws ShapeError as matmul, and for a factor
/// of another rank.
template <class T>
Var<T> multi_dot(std::span<const Var<T>> factors, Source where = Source::here());
template <class T>
Var<T> multi_dot(std::initializer_list<Var<T>> factors, Source where = Source::here()) {
  return multi_dot(std::span<const Var<T>>(factors.begin(), factors.size()), where);
}

/// Sum of the diagonal `offset` of the last two axes: [..., m, n] -> [...].
template <class T>
Var<T> trace(Var<T> x, int offset = 0, Source where = Source::here());

/// Einstein's summation as NumPy writes it: letters name the axes of the operands, those missing after the arrow are
/// summed over: einsum("bij,bjk->bik", {a, b}). A letter twice in one operand is its diagonal; "..." stands for axes
/// without a name, which broadcast; without an arrow the result has the letters that occur once, in alphabetical order.
/// Operands are multiplied from left to right, as matrix products where anything is summed over.
/// Throws ShapeError naming the letter and its sizes, or what in the text has no meaning.
template <class T>
Var<T> einsum(std::string_view text, std::span<const Var<T>> operands, Source where = Source::here());
template <class T>
Var<T> einsum(std::string_view text, std::initializer_list<Var<T>> operands, Source where = Source::here()) {
  return einsum(text, std::span<const Var<T>>(operands.begin(), operands.size()), where);
}

}  // namespace wengert
