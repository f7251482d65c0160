/// Moving elements between strided windows.
#pragma once

#include <cstdint>

#include "autodiff/tensor/view.hpp"

namespace wengert::kernels {

/// to[i] = from[i] for every index of equal shapes. The windows must not overlap.
template <class T>
void copy(const View<const T>& from, const View<T>& to);

/// to[i] = value.
template <class T>
void fill(const View<T>& to, T value);

}  // namespace wengert::kernels
