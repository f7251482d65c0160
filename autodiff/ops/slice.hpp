/// Parts of a tensor: slices, flips, diagonals, triangles. All but tril and triu are views: no element moves until a
/// kernel needs it to. Negative axes count from the end; one out of range is a ShapeError.
#pragma once

#include "autodiff/ops/reduce.hpp"
#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Means "to the end" (from the start, for a negative step) in slice.
inline constexpr std::int64_t kEnd = INT64_MIN;
/// x[start:stop:step] along `axis`, Python's rules: negative positions count from the end, positions past it are
/// clipped, the step may be negative. Throws ShapeError for step 0.
template <class T>
Var<T> slice(Var<T> x, int axis, std::int64_t start, std::int64_t stop = kEnd, std::int64_t step = 1,
             Source where = Source::here());
/// The reverse of slice: zeros, `extent` along `axis`, with x at start, start + step, …
/// Throws ShapeError if a place of x is outside [0, extent).
template <class T>
Var<T> place(Var<T> x, int axis, std::int64_t extent, std::int64_t start, std::int64_t step = 1,
             Source where = Source::here());

/// `count` elements along `axis` from `start` on. Throws ShapeError if there are not as many.
template <class T>
Var<T> narrow(Var<T> x, int axis, std::int64_t start, std::int64_t count, Source where = Source::here());
/// The elements in reverse order along `axes`.
template <class T>
Var<T> flip(Var<T> x, const Axes& axes = Axes::all(), Source where = Source::here());

// Matrices stand in the last two axes, axes before them are batches.

/// x[…, i, i + offset]: [..., m, n] -> [..., count], the count may be 0. Throws ShapeError below rank 2.
template <class T>
Var<T> diagonal(Var<T> x, int offset = 0, Source where = Source::here());
/// The square matrix with x on its diagonal `offset` and zeros elsewhere: [..., n] -> [..., n + |offset|, n +
/// |offset|]. Throws ShapeError for rank 0. (For the reverse see diagonal.)
template <class T>
Var<T> diag(Var<T> x, int offset = 0, Source where = Source::here());
/// x on and below the diagonal `offset`, 0 above it. Throws ShapeError below rank 2.
template <class T>
Var<T> tril(Var<T> x, int offset = 0, Source where = Source::here());
/// x on and above the diagonal `offset`, 0 below it. Throws ShapeError below rank 2.
template <class T>
Var<T> triu(Var<T> x, int offset = 0, Source where = Source::here());

}  // namespace wengert
