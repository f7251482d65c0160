/// The errors of the library. Each is one sentence: what was called, what clashes, the operands, where.
///
///   matmul: inner dimensions differ (512 and 256): a is [32, 512], b is [256, 10]   at train.cpp:41
///
/// A rule throws the fact; whoever knows the operation adds its name, the operands and the caller's line (`locate`).
/// After any of these exceptions the state is as before the call.
#pragma once

#include <stdexcept>
#include <string>

#include "autodiff/tensor/source.hpp"

namespace wengert {

/// Base of all errors thrown by wengert.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes, ranks or axes that do not fit.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A handle or object used where its contract forbids it: stale, of another tape, moved from, in use.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// A value outside its range: a class label, an index, a probability.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// More memory than there is.
class MemoryError : public Error {
 public:
  using Error::Error;
};

/// A file that does not hold what it claims.
class FileError : public Error {
 public:
  using Error::Error;
};

/// The one place that gives errors their form: `operation: fact   at file:line`.
std::string locate(std::string_view operation, const std::string& fact, Source where);

}  // namespace wengert
