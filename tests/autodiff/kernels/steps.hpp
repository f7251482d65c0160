/// Tile programs written by hand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>

#include "autodiff/kernels/tile.hpp"

namespace wengert::kernels {

/// An operand that moves by `row` elements from row to row and by `col` from column to column.
template <class T>
Operand<T> in_memory(T* data, std::ptrdiff_t row, std::ptrdiff_t col) {
  Operand<T> operand;
  operand.place = Place::memory;
  operand.data = data;
  operand.row = row;
  operand.col = static_cast<std::uint8_t>(col);
  return operand;
}

/// A scratch register with one element per element of a block, or per row of it if col = 0.
template <class T>
Operand<T> in_scratch(std::ptrdiff_t number, std::ptrdiff_t col = 1) {
  Operand<T> operand;
  operand.place = Place::scratch;
  operand.number = static_cast<std::uint32_t>(number);
  operand.row = 1;
  operand.col = static_cast<std::uint8_t>(col);
  return operand;
}

/// A number, of which `kMaxLanes` copies stand at `copies`.
template <class T>
Operand<T> constant(T* copies) {
  Operand<T> operand;
  operand.place = Place::constant;
  operand.data = copies;
  return operand;
}

/// y = instruction(x...) on the instruction set in use.
template <class T>
Step<T> step(Instruction instruction, const Operand<T>& y, std::initializer_list<Operand<T>> x) {
  Step<T> step;
  step.run = tile<T>(instruction);
  step.instruction = instruction;
  step.y = y;
  std::copy(x.begin(), x.end(), step.x.begin());
  return step;
}

}  // namespace wengert::kernels
