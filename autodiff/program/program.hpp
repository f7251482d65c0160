/// Compiling and running: what the nodes of a tape come to.
///
/// 1. `run()` allocates nothing, but for the first run of a thread, in which a large product may take memory to
///    pack its operands. Its result is the same, bit for bit, run after run.
/// 2. A Program copies the nodes it needs and shares the leaves' memory: it outlives scopes and the tape.
/// 3. All assigns are simultaneous: every read of the program sees the values from before the run.
#pragma once

#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape/tape.hpp"

namespace wengert {

template <class T>
struct Executable;

/// A leaf and the value it is to have after a run.
template <class T>
struct Assign {
  Var<T> leaf, value;
};
template <class T>
Assign<T> assign(Var<T> leaf, Var<T> value) {
  return {leaf, value};
}

/// One unit of a program, for people and tests: "matmul+add+sigmoid".
struct UnitInfo {
  bool product = false;
  std::string text;
  Source where;
  double nanoseconds = 0;  ///< of one run, by profile()
};

template <class T>
class Program {
 public:
  Program() = default;
  explicit Program(std::shared_ptr<Executable<T>> executable) : executable_(std::move(executable)) {}

  /// Computes the outputs and carries out the assigns. Throws UsageError if it is running already, ValueError if an
  /// integer is out of range; then nothing was written.
  void run(Source where = Source::here());
  /// Number of outputs.
  std::size_t size() const;
  /// Output i of the last run, contiguous. Valid until the next run. Throws UsageError if there was none, or there is
  /// no such output.
  View<const T> output(std::size_t i = 0, Source where = Source::here()) const {
    return output_for("output", i, where);
  }
  /// A copy of it. Throws as `output`.
  Tensor<T> value(std::size_t i = 0, Source where = Source::here()) const;
  /// The same as tape.set.
  template <class Leaf, class Value>
  void set(Leaf leaf, const Value& value, Source where = Source::here()) {
    leaf.tape().set(leaf, value, where);
  }

  std::vector<UnitInfo> units() const;
  /// Runs it `runs` times, assigns included, and tells how long each unit took: the shortest of its times.
  std::vector<UnitInfo> profile(int runs = 100, Source where = Source::here());
  std::size_t arena_bytes() const;

 private:
  Executable<T>& executable(const char* operation, Source where) const;
  View<const T> output_for(const char* operation, std::size_t i, Source where) const;
  std::shared_ptr<Executable<T>> executable_;
};

/// Compiles the outputs and assigns into a program; at least one of either. Throws ShapeError if a leaf and its value
/// differ in shape, UsageError if a leaf is assigned twice or is no leaf.
template <class T>
Program<T> compile(std::span<const Var<T>> outputs, std::span<const Assign<T>> assigns = {},
                   Source where = Source::here());
template <class T>
Program<T> compile(std::initializer_list<Var<T>> outputs, std::initializer_list<Assign<T>> assigns = {},
                   Source where = Source::here()) {
  return compile(std::span<const Var<T>>(outputs.begin(), outputs.size()),
                 std::span<const Assign<T>>(assigns.begin(), assigns.size()), where);
}
template <class T>
Program<T> compile(std::initializer_list<Var<T>> outputs, const std::vector<Assign<T>>& assigns,
                   Source where = Source::here()) {
  return compile(std::span<const Var<T>>(outputs.begin(), outputs.size()), std::span<const Assign<T>>(assigns), where);
}
template <class T>
Program<T> compile(const std::vector<Var<T>>& outputs, const std::vector<Assign<T>>& assigns = {},
                   Source where = Source::here()) {
  return compile(std::span<const Var<T>>(outputs), std::span<const Assign<T>>(assigns), where);
}
template <class T>
Program<T> compile(Var<T> output, Source where = Source::here()) {
  return compile(std::span<const Var<T>>(&output, 1), std::span<const Assign<T>>(), where);
}

/// The value of x now: compiles and runs what it needs, on demand, and keeps the result until a leaf it depends on
/// changes, which frees it. Recording the same thing again (in a scope) reuses the compiled program.
template <class T>
Tensor<T> value(Var<T> x, Source where = Source::here());
/// A tensor is its own value.
template <class T>
Tensor<T> value(Tensor<T> x) {
  return x;
}

/// Prints the value to standard output, see to_string.
template <class T>
void print(Var<T> x, Source where = Source::here());
template <class T>
std::ostream& operator<<(std::ostream& out, Var<T> x);

}  // namespace wengert
