/// Tensors for people.
#pragma once

#include <iosfwd>
#include <string>

#include "autodiff/tensor/tensor.hpp"

namespace wengert {

/// "[[1, 2], [3, 4]]" with six significant digits; rows of a matrix stand under each other in aligned columns, and
/// tensors of more than 1,000 elements are shortened to three at each end of an axis.
template <class T>
std::string to_string(const Tensor<T>& tensor);

/// Prints it to standard output, with a newline.
template <class T>
void print(const Tensor<T>& tensor);
template <class T>
std::ostream& operator<<(std::ostream& out, const Tensor<T>& tensor);
/// "[32, 10]"
std::ostream& operator<<(std::ostream& out, const Shape& shape);

}  // namespace wengert
