/// Joining tensors, taking them apart, and repeating them. Negative axes count from the end; one out of range is a
/// ShapeError.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Joined along `axis`; all other dimensions must agree, or a ShapeError says which does not.
template <class T>
Var<T> concatenate(std::span<const Var<T>> parts, int axis = 0, Source where = Source::here());
template <class T>
Var<T> concatenate(std::initializer_list<Var<T>> parts, int axis = 0, Source where = Source::here()) {
  return concatenate(std::span<const Var<T>>(parts.begin(), parts.size()), axis, where);
}
template <class T>
Var<T> concatenate(const std::vector<Var<T>>& parts, int axis = 0, Source where = Source::here()) {
  return concatenate(std::span<const Var<T>>(parts), axis, where);
}

/// Joined along a new axis at place `axis` of the result; all shapes must agree.
template <class T>
Var<T> stack(std::span<const Var<T>> parts, int axis = 0, Source where = Source::here());
template <class T>
Var<T> stack(std::initializer_list<Var<T>> parts, int axis = 0, Source where = Source::here()) {
  return stack(std::span<const Var<T>>(parts.begin(), parts.size()), axis, where);
}
template <class T>
Var<T> stack(const std::vector<Var<T>>& parts, int axis = 0, Source where = Source::here()) {
  return stack(std::span<const Var<T>>(parts), axis, where);
}

/// `sections` parts of equal length along `axis`. Throws ShapeError if the axis does not divide.
template <class T>
std::vector<Var<T>> split(Var<T> x, int sections, int axis = 0, Source where = Source::here());
/// Cut before each of these ascending positions: {2, 5} gives [0, 2), [2, 5), [5, end). Throws ShapeError if they do
/// not ascend within the axis.
template <class T>
std::vector<Var<T>> split(Var<T> x, const std::vector<std::int64_t>& positions, int axis = 0,
                          Source where = Source::here());
/// The parts of length 1 along `axis`, without that axis: the reverse of stack.
template <class T>
std::vector<Var<T>> unbind(Var<T> x, int axis = 0, Source where = Source::here());

/// y[i + shift] = x[i] along `axis`; what passes the end comes in at the start. Any shift, also negative.
template <class T>
Var<T> roll(Var<T> x, std::int64_t shift, int axis, Source where = Source::here());

/// How many elements to add at both ends of an axis.
struct Padding {
  std::int64_t before = 0, after = 0;
};
/// `value` around x: one Padding per axis. Throws ShapeError for another number of them, or one below 0.
template <class T>
Var<T> pad(Var<T> x, const std::vector<Padding>& paddings, std::type_identity_t<T> value = 0,
           Source where = Source::here());

/// Each element `times` times in a row along `axis`: [1, 2] -> [1, 1, 2, 2]. Throws ShapeError for times < 0.
template <class T>
Var<T> repeat(Var<T> x, std::int64_t times, int axis, Source where = Source::here());
/// The whole of x repeated along its last axes: tile([1, 2], {2}) = [1, 2, 1, 2]. Where there are more counts than
/// axes, x gets axes of length 1 in front; where there are fewer, they belong to the last axes.
template <class T>
Var<T> tile(Var<T> x, const std::vector<std::int64_t>& times, Source where = Source::here());

}  // namespace wengert
