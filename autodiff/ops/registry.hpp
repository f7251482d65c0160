/// All operations, for those who treat them alike: laws, documentation, benchmarks.
///
/// Each family returns its entries; an entry is a table and samples of how the operation is used. Adding an operation
/// to its family is all that tests, docs and benchmarks need to find it.
#pragma once

#include <span>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// One way to use an operation: attributes, shapes of the inputs, and the result's shape where the caller gives it.
struct Sample {
  std::vector<std::byte> attributes;  ///< the op struct; empty if it has none
  std::vector<Shape> inputs;
  Shape shape;                   ///< of y
  int index_input = -1;          ///< the input that is integers, if any
  std::int64_t index_bound = 0;  ///< its values lie in [0, index_bound)
  double diagonal = 0;           ///< added to the diagonals of input 0, where its matrices must be regular
};

template <class T>
struct Entry {
  const OpTable<T>* table = nullptr;
  std::vector<Sample> samples;
};

/// Tables of the elementwise operations, in the order of their instructions.
template <class T>
std::span<const OpTable<T>> map_tables();

template <class T>
std::vector<Entry<T>> map_entries();
template <class T>
std::vector<Entry<T>> matmul_entries();
template <class T>
std::vector<Entry<T>> reshape_entries();
template <class T>
std::vector<Entry<T>> broadcast_entries();
template <class T>
std::vector<Entry<T>> slice_entries();
template <class T>
std::vector<Entry<T>> join_entries();
template <class T>
std::vector<Entry<T>> reduce_entries();
template <class T>
std::vector<Entry<T>> scan_entries();
template <class T>
std::vector<Entry<T>> softmax_entries();
template <class T>
std::vector<Entry<T>> simplex_entries();  ///< at the end of those of softmax
template <class T>
std::vector<Entry<T>> cross_entropy_entries();
template <class T>
std::vector<Entry<T>> index_entries();
template <class T>
std::vector<Entry<T>> gather_entries();
template <class T>
std::vector<Entry<T>> factor_entries();
template <class T>
std::vector<Entry<T>> determinant_entries();
template <class T>
std::vector<Entry<T>> random_entries();

/// Every operation of the library.
template <class T>
std::vector<Entry<T>> registry();

}  // namespace wengert
