/// Checkpoints: memory bought with time. What is computed between two checkpoints is forgotten after the forward pass
/// and computed again when the reverse pass needs it (Griewank and Walther 2000; Chen et al. 2016).
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// f(x). A gradient of it reads no value made inside f but makes each once more, in the same bits (random draws too),
/// when the cotangent of f(x) is there. So a program keeps what f reads, and what is inside f for one f at a time; it
/// costs one more run of f.
///
/// f may read any Var, given as x or not; the derivative with respect to all of them is unchanged, in any order and
/// mode. Forward mode computes nothing twice. Derivatives of the gradient keep the values of its second run.
/// Throws UsageError if f is empty or makes a leaf. Vars recorded inside f have no derivative of f(x).
template <class T>
Var<T> checkpoint(const std::function<Var<T>(std::span<const Var<T>> x)>& f, std::span<const Var<T>> x,
                  Source where = Source::here());
template <class F, class T>
Var<T> checkpoint(F&& f, const std::vector<Var<T>>& x, Source where = Source::here()) {
  return checkpoint<T>(std::forward<F>(f), std::span<const Var<T>>(x), where);
}
template <class F, class T, std::size_t N>
Var<T> checkpoint(F&& f, const Var<T> (&x)[N], Source where = Source::here()) {
  return checkpoint<T>(std::forward<F>(f), std::span<const Var<T>>(x), where);
}
template <class F, class T>
Var<T> checkpoint(F&& f, Var<T> x, Source where = Source::here()) {
  return checkpoint<T>([&](std::span<const Var<T>> one) { return f(one[0]); }, std::span<const Var<T>>(&x, 1), where);
}

/// layers[n - 1](… layers[0](x)) with a checkpoint after each of `segments` runs of neighbours. 0 takes √n of them, so
/// that n layers need the memory of about 2 √n. Throws UsageError for more segments than layers, or
/// an empty layer.
template <class T>
Var<T> checkpoint_sequential(const std::vector<std::function<Var<T>(Var<T>)>>& layers, Var<T> x,
                             std::size_t segments = 0, Source where = Source::here());

}  // namespace wengert
