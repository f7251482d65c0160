/// What a tape remembers of compiling: values computed before, and programs by what they compute.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "autodiff/program/graph.hpp"
#include "autodiff/program/unit.hpp"

namespace wengert {

/// A value computed before, there until one of its leaves changes.
template <class T>
struct Cached final : Computed {
  std::shared_ptr<const Tensor<T>> tensor;
  std::vector<std::shared_ptr<LeafStorage<T>>> leaves;

  void drop() override { tensor.reset(); }
};

template <class T>
class Memory final : public TapeMemory {
 public:
  /// That of the tape.
  static Memory& of(Tape<T>& tape);
  void truncated(NodeId size) override;

  /// The value of a node that was computed and is right; else null.
  const Cached<T>* value(NodeId id);
  /// Keeps a value until one of its leaves changes.
  void keep(NodeId id, std::shared_ptr<Cached<T>> value);

  /// A program of this meaning that nobody holds; else null. A program somebody holds keeps its memory to itself.
  std::shared_ptr<Executable<T>> program(const std::string& meaning);
  /// Keeps a program, and forgets the one that was not used for longest if there are many.
  void keep(std::string meaning, std::shared_ptr<Executable<T>> executable);

  Marks marks;  ///< for compiling

 private:
  struct Entry {
    std::string meaning;
    std::shared_ptr<Executable<T>> executable;
  };
  std::unordered_map<NodeId, std::shared_ptr<Cached<T>>> values_;
  std::list<Entry> programs_;  ///< the last used first
};

/// All that a program's plan depends on, as bytes. Leaves count by position, so that a program recorded again is found.
template <class T>
std::string meaning(const Graph<T>& graph, std::span<const std::uint32_t> assigned);

}  // namespace wengert
