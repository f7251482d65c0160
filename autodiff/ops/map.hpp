/// Recording an elementwise function of Vars and plain numbers.
#pragma once

#include <array>

#include "autodiff/kernels/function.hpp"
#include "autodiff/tape/tape.hpp"

namespace wengert {

/// Records the elementwise function with this instruction.
template <class T>
Var<T> record_map(kernels::Instruction function, std::span<const Located<T>> x, Source where);

namespace internal {
template <class X>
struct ScalarOf {};
template <class T>
struct ScalarOf<Var<T>> {
  using type = T;
};
template <class X, class... Rest>
struct ScalarOfAny : ScalarOfAny<Rest...> {};
template <class T, class... Rest>
struct ScalarOfAny<Var<T>, Rest...> {
  using type = T;
};
template <class X>
inline constexpr bool is_var = false;
template <class T>
inline constexpr bool is_var<Var<T>> = true;
}  // namespace internal

/// Vars and plain numbers, at least one of them a Var.
template <class... X>
concept Operands = (internal::is_var<X> || ...) && ((internal::is_var<X> || std::is_arithmetic_v<X>)&&...);

/// Records the elementwise function F of Vars and numbers.
template <class F, class... X>
requires Operands<X...>
auto map(Source where, X... x) {
  using T = typename internal::ScalarOfAny<X...>::type;
  const Located<T> operands[] = {Located<T>(x, where)...};
  return record_map<T>(kernels::instruction_of<F>(), std::span<const Located<T>>(operands), where);
}

}  // namespace wengert
