/// Var: a handle to a node of a tape. Operators and functions on Vars record; nothing is computed.
///
/// 1. Trivially copyable, 16 bytes. It stays valid as the tape grows; a Var whose scope has closed is detected.
/// 2. Using a Var after its tape's end breaks the contract.
#pragma once

#include <cstdint>
#include <type_traits>

#include "autodiff/tape/node.hpp"

namespace wengert {

template <class T>
class Tape;
template <class T>
class Var;

template <class T>
class Tensor;

/// An operand of an operator: a Var, a plain number or a Tensor, and the line it was written on.
template <class T>
class Located {
 public:
  Located(Var<T> var, Source where = Source::here()) : var_(var), where_(where) {}  // NOLINT: converts by design
  template <class Number>
  requires std::is_arithmetic_v<Number> Located(Number number,
                                                Source where = Source::here())  // NOLINT: converts by design
      : number_(static_cast<T>(number)), is_number_(true), where_(where) {}

  /// A Tensor becomes a leaf of the other operand's tape, recorded anew each time: data that change are a leaf of their
  /// own, which is set.
  Located(const Tensor<T>& tensor, Source where = Source::here())  // NOLINT: converts by design
      : tensor_(&tensor), where_(where) {}

  bool is_number() const { return is_number_; }
  const Tensor<T>* tensor() const { return tensor_; }
  T number() const { return number_; }
  Var<T> var() const { return var_; }
  Source where() const { return where_; }

 private:
  Var<T> var_;
  const Tensor<T>* tensor_ = nullptr;
  T number_ = 0;
  bool is_number_ = false;
  Source where_;
};

template <class T>
class Var {
 public:
  using value_type = T;

  /// A handle to nothing.
  Var() = default;
  Var(Tape<T>* tape, NodeId id, std::uint32_t generation) : tape_(tape), id_(id), generation_(generation) {}

  /// True for a handle to nothing. There is no conversion to bool: `if (x < 0)` would ask the handle, not the value.
  bool empty() const { return tape_ == nullptr; }
  Tape<T>& tape() const { return *tape_; }
  NodeId id() const { return id_; }
  std::uint32_t generation() const { return generation_; }
  /// Throws UsageError, in the name of `operation`, if the Var is empty or its node was dropped with its scope.
  const Shape& shape(Source where = Source::here(), const char* operation = "shape") const;

  // Operators know their caller's line through `Located`; both operands may be Vars, or one a number or a Tensor.
  // Shapes broadcast.
  friend Var operator+(Located<T> a, Located<T> b) { return add(a, b); }
  friend Var operator-(Located<T> a, Located<T> b) { return subtract(a, b); }
  friend Var operator*(Located<T> a, Located<T> b) { return multiply(a, b); }
  friend Var operator/(Located<T> a, Located<T> b) { return divide(a, b); }
  friend Var operator+(Located<T> x) { return x.var(); }
  friend Var operator-(Located<T> x) { return negate(x.var(), x.where()); }
  // Comparisons give 1 or 0 and have no gradient. There is no ==: use equal(a, b).
  friend Var operator<(Located<T> a, Located<T> b) { return less(a, b); }
  friend Var operator>(Located<T> a, Located<T> b) { return less(b, a); }
  friend Var operator<=(Located<T> a, Located<T> b) { return less_equal(a, b); }
  friend Var operator>=(Located<T> a, Located<T> b) { return less_equal(b, a); }

  Var& operator+=(Located<T> b) { return *this = add(Located<T>(*this, b.where()), b); }
  Var& operator-=(Located<T> b) { return *this = subtract(Located<T>(*this, b.where()), b); }
  Var& operator*=(Located<T> b) { return *this = multiply(Located<T>(*this, b.where()), b); }
  Var& operator/=(Located<T> b) { return *this = divide(Located<T>(*this, b.where()), b); }

  /// Element or row i is squeeze(narrow(x, 0, i, 1), 0).
  template <class Position>
  Var operator[](Position) const {
    static_assert(!sizeof(Position),
                  "a Var has no operator[]: row or element i of x is squeeze(narrow(x, 0, i, 1), 0), a range "
                  "is slice(x, axis, start, stop), rows by number are take(x, rows)");
    return {};
  }

 private:
  Tape<T>* tape_ = nullptr;
  NodeId id_ = kNoNode;
  std::uint32_t generation_ = 0;
};

/// A handle to integers on a tape: class labels, indices. Settable like a leaf; has no gradient.
template <class T>
class Index {
 public:
  Index() = default;
  Index(Tape<T>* tape, NodeId id, std::uint32_t generation) : node_(tape, id, generation) {}
  const Shape& shape(Source where = Source::here(), const char* operation = "shape") const {
    return node_.shape(where, operation);
  }
  Tape<T>& tape() const { return node_.tape(); }
  /// The node, for recording operations that read it.
  Var<T> node() const { return node_; }

 private:
  Var<T> node_;
};

}  // namespace wengert
