/// What a program runs, one after the other: a tile program, a product with its epilogue, or a kernel. All pointers are
/// final; nothing here allocates.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/tile.hpp"
#include "autodiff/program/plan.hpp"

namespace wengert {

enum class UnitKind : std::uint8_t { tiles, product, kernel, copy };

template <class T>
struct Unit {
  UnitKind kind = UnitKind::tiles;
  kernels::TileProgram<T> tiles;

  kernels::Gemm<T> gemm;
  kernels::GemmFn<T> multiply = nullptr;
  std::vector<std::ptrdiff_t> a_offsets, b_offsets;  ///< per matrix of a batch; empty for a single one

  const OpTable<T>* op = nullptr;
  alignas(8) std::byte attributes[kAttributeBytes] = {};
  std::shared_ptr<const void> owner;  ///< of what the attributes point to
  std::vector<View<const T>> in;
  std::vector<const std::int64_t*> index;
  View<T> out;

  Source where;
  std::vector<std::string_view> names;  ///< of the operations, for people

  void run(T* scratch) const;
  /// Calls f(T** slot) for every pointer to elements, so that leaves can be rebound.
  template <class F>
  void for_each_pointer(F&& f);
};

/// A compiled program with its memory.
template <class T>
struct Executable {
  struct Output {
    const T* data;
    Shape shape;
  };
  struct CopyOut {  ///< an assign that could not be done in place
    T* to;
    const T* from;
    std::size_t size;
  };
  struct Check {  ///< integers to be verified before anything is written
    std::size_t leaf;
    std::int64_t bound;
    std::string_view op;
    Source where;
  };

  std::vector<Unit<T>> units;
  std::vector<Output> outputs;
  std::vector<CopyOut> copies;
  std::vector<Check> checks;
  std::vector<std::shared_ptr<LeafStorage<T>>> leaves;   ///< in the order of the graph
  std::vector<std::size_t> assigned;                     ///< leaves that a run changes
  std::vector<std::shared_ptr<const Tensor<T>>> cached;  ///< values computed before
  Buffer<T> arena, scratch, constants;
  std::vector<Buffer<T>> numbers;  ///< further constants of single steps
  bool running = false;
  bool was_run = false;  ///< so that the outputs hold something

  void run(Source where) { run(where, {}); }
  /// Also lowers shortest[u] to the nanoseconds that unit u took, if it is not empty.
  void run(Source where, std::span<double> shortest);
  /// Puts other leaves and cached values of the same shapes in the place of these.
  void rebind(std::vector<std::shared_ptr<LeafStorage<T>>> leaves,
              std::vector<std::shared_ptr<const Tensor<T>>> cached);
  /// Lets go of the cached values; it can run again only after `rebind`.
  void release_cached();

 private:
  struct Patch {
    T** slot;
    std::size_t leaf;  ///< counted on into `cached`
    std::ptrdiff_t offset;
  };
  std::vector<Patch> patches_;
  void find_patches();
};

/// Allocates the memory of a plan and turns its groups into units. `cached` gives the tensor of a cached node; `leaves`
/// are all leaves the program reads or assigns, in the order in which `rebind` will give them.
template <class T>
std::unique_ptr<Executable<T>> emit(const Plan<T>& plan,
                                    const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>& cached,
                                    std::vector<std::shared_ptr<LeafStorage<T>>> leaves);

}  // namespace wengert
