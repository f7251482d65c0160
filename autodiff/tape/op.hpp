/// What an operation is, for those who must treat all operations alike: the sweep, the passes, the documentation.
///
/// An operation is a small struct whose fields are its attributes (`Softmax{}`, `Sum{.axes = …}`), see docs/ops.md.
/// `OpTable<T>` is that struct with its type erased: made once per operation and element type (ops/table.hpp).
///
/// 1. Operations are equal if their `id` is, a hash of the name, never an address: two shared libraries may hold two
///    tables of one operation.
/// 2. Attributes are at most 64 trivially copyable bytes without padding, compared byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "autodiff/math/doc.hpp"
#include "autodiff/tensor/view.hpp"

namespace wengert {

template <class T>
class Var;

inline constexpr std::size_t kAttributeBytes = 64;
/// Number of inputs of an operation that takes any.
inline constexpr int kAnyNumber = -1;

/// How an operation is executed.
enum class Kind : std::uint8_t {
  leaf,         ///< a tensor the user sets
  index,        ///< an integer tensor the user sets
  constant,     ///< one number, repeated over its shape
  placeholder,  ///< a cotangent that is never evaluated (forward mode)
  map,          ///< elementwise, inputs broadcast
  view,         ///< the same elements, seen through other strides
  reduce,       ///< along axes, which stay as 1
  rows,         ///< row by row along the last axis
  product,      ///< matrix product
  kernel,       ///< anything else: whole tensors in, one tensor out
};

template <class T>
struct OpTable {
  std::string_view name;
  std::uint64_t id = 0;
  Kind kind = Kind::kernel;
  std::size_t attribute_bytes = 0;
  const Doc* doc = nullptr;
  int inputs = 0;  ///< their number, or kAnyNumber

  /// Shape of y from the shapes of x; throws ShapeError with the fact alone. Null where the caller gives the shape.
  Shape (*shape)(const void* attributes, std::span<const Shape> x) = nullptr;
  /// Cotangent of input `input` given `g`, the cotangent of y; an empty Var where there is no gradient. The result may
  /// have any shape that broadcasts to or from the input's; the sweep sums or stretches it. May be null if `expand` is
  /// there.
  Var<T> (*vjp)(const void* attributes, int input, Var<T> g, std::span<const Var<T>> x, Var<T> y) = nullptr;
  /// In place of `vjp`: the cotangents of all inputs at once, for rules that cannot be asked for one, or of which one
  /// costs as much as all. One that is not `wanted` may be left empty.
  std::vector<Var<T>> (*vjp_all)(const void* attributes, Var<T> g, std::span<const Var<T>> x, Var<T> y,
                                 const std::vector<bool>& wanted) = nullptr;
  /// The same value written in other operations; any missing derivative comes from it.
  Var<T> (*expand)(const void* attributes, std::span<const Var<T>> x) = nullptr;

  /// map, reduce, rows: the instruction its kernel knows it by (reduce: of the layout "all").
  std::uint16_t instruction = 0;
  /// map, rows: the instruction that computes this and `partner` of the same inputs together, or 0xFFFF. One of them
  /// may read integers besides, and have another partner that it prefers.
  std::uint16_t pair = 0xFFFF;
  std::uint64_t partner = 0;  ///< id of the other operation of the pair
  bool pair_second = false;   ///< this is the second result of the pair
  bool row_result = false;    ///< rows: one number per row instead of a row

  /// view: the window of shape `out` on the elements that `in` looks at; none if they must be copied first.
  std::optional<Window> (*view)(const void* attributes, const Window& in, const Shape& out) = nullptr;
  /// reduce: what the sum is multiplied by; null for 1.
  double (*factor)(const void* attributes) = nullptr;

  /// kernel: computes `out` from `in`; `index` holds the integer inputs, in order, null for the others.
  void (*run)(const void* attributes, std::span<const View<const T>> in, std::span<const std::int64_t* const> index,
              const View<T>& out) = nullptr;
  /// Largest value plus one that the integer input may hold, for the check at the start of a run; null if none.
  std::int64_t (*index_bound)(const void* attributes, std::span<const Shape> x) = nullptr;

  /// y is input 0 itself; that there is a node, and its other inputs, matter to derivatives alone.
  bool alias = false;
  /// view: input 0 as another value, so that what is computed from it is computed again, after input 1.
  bool barrier = false;
  /// kernel: a user's function. It reads contiguous elements, may throw, and equal nodes are not merged.
  bool custom = false;
  /// custom: what a program has to keep alive to run it.
  std::shared_ptr<const void> (*owner)(const void* attributes) = nullptr;
};

/// FNV-1a, the hash behind `OpTable::id`.
constexpr std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace wengert
