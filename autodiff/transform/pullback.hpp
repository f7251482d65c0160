/// The sweep: cotangents of outputs become cotangents of inputs, by appending nodes to the same tape.
///
/// The only place that accumulates, undoes broadcasting, and knows who wants a gradient.
#pragma once

#include <span>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Cotangents of `wrt` given the cotangents `seeds` of `outputs` (same shapes). What an output does not depend on gets
/// zeros. If a rule throws, the tape is as before. Throws in the name of `operation`: UsageError for an empty or stale
/// Var, two tapes, or another number of seeds than of outputs, ShapeError if a seed has another shape than its output.
template <class T>
std::vector<Var<T>> pullback(std::span<const Var<T>> outputs, std::span<const Var<T>> seeds,
                             std::span<const Var<T>> wrt, Source where = Source::here(),
                             const char* operation = "pullback");

}  // namespace wengert
