#include "nn/train/samples.hpp"

#include <fmt/format.h>

namespace wengert::nn {

namespace {

template <class T>
void expect_rows(const Tensor<T>& x, const Shape& other, const char* what, Source where) {
  if (x.rank() != 0 && other.rank() != 0 && x.shape()[0] == other[0]) return;
  throw ShapeError(locate("samples",
                          fmt::format("one {} per row of x is needed: x is {}, {}s are {}", what, to_string(x.shape()),
                                      what, to_string(other)),
                          where));
}

}  // namespace

template <class T>
Samples<T>::Samples(Tensor<T> rows, Tensor<std::int64_t> classes, Source where)
    : x(std::move(rows)), labels(std::move(classes)) {
  expect_rows(x, labels.rank() == 1 ? labels.shape() : Shape{}, "label", where);
}
template <class T>
Samples<T>::Samples(Tensor<T> rows, Tensor<T> values, Source where) : x(std::move(rows)), targets(std::move(values)) {
  expect_rows(x, targets.shape(), "target", where);
}

template struct Samples<float>;
template struct Samples<double>;

}  // namespace wengert::nn
