/// Leaves and arrays of the same names: what saving to a file and loading from one come down to.
#pragma once

#include <string>
#include <vector>

#include "nn/data/array.hpp"
#include "nn/data/file.hpp"
#include "nn/model/mlp.hpp"

namespace wengert::nn {

/// A leaf and what it is called in a file.
template <class T>
struct Slot {
  std::string name;
  Var<T> leaf;
  bool transposed = false;  ///< the file has rows where the leaf has columns; of matrices only
};

/// Throws UsageError if a name stands twice or a Var is no leaf that can be set.
template <class T>
void expect_leaves(const std::string& operation, const std::vector<Slot<T>>& slots, Source where);

/// The leaves under their own names; throws as `expect_leaves`.
template <class T>
std::vector<Slot<T>> slots_of(const std::string& operation, const std::vector<Parameter<T>>& leaves, Source where);

/// What the leaves hold now, by name.
template <class T>
Arrays arrays_of(const std::vector<Slot<T>>& slots, Source where);

/// What the arrays have for the slots, one after the other. Throws FileError for a slot without its array, for another
/// shape, for values that do not become T under `convert`, and for an array that is nobody's unless `others` are
/// allowed.
template <class T>
std::vector<Tensor<T>> values_for(const std::vector<Slot<T>>& slots, const Arrays& arrays, Convert convert, bool others,
                                  const Origin& origin);

/// Sets every leaf to its value or, if `values_for` throws, none.
template <class T>
void set_leaves(const std::vector<Slot<T>>& slots, const Arrays& arrays, Convert convert, bool others,
                const Origin& origin);

}  // namespace wengert::nn
