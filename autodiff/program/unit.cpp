#include "autodiff/program/unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "autodiff/kernels/move.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

template <class T>
void Unit<T>::run(T* scratch) const {
  switch (kind) {
    case UnitKind::tiles: tiles.all(scratch); return;
    case UnitKind::product:
      if (a_offsets.empty()) {
        multiply(gemm);
        return;
      }
      for (std::size_t i = 0; i < a_offsets.size(); ++i) {
        kernels::Gemm<T> one = gemm;
        one.a += a_offsets[i];
        one.b += b_offsets[i];
        one.c += static_cast<std::ptrdiff_t>(i) * gemm.m * gemm.n;
        multiply(one);
      }
      if (!tiles.steps.empty()) tiles.all(scratch);
      return;
    case UnitKind::kernel: op->run(attributes, in, index, out); return;
    case UnitKind::copy: kernels::copy(in[0], out); return;
  }
}

template <class T>
template <class F>
void Unit<T>::for_each_pointer(F&& f) {
  const auto slot = [&](auto& pointer) {
    if (pointer != nullptr) f((T**)(&pointer));  // NOLINT: T* and const T* are similar types
  };
  for (kernels::Step<T>& step : tiles.steps) {
    const auto operand = [&](kernels::Operand<T>& o) {
      if (o.place == kernels::Place::memory) slot(o.data);
    };
    operand(step.y), operand(step.y2);
    for (kernels::Operand<T>& x : step.x) operand(x);
  }
  for (auto& start : tiles.init) slot(start.data);
  slot(gemm.a);
  slot(gemm.b);
  slot(gemm.c);
  slot(gemm.bias);
  for (View<const T>& v : in) slot(v.data);
  slot(out.data);
}

template <class T>
void Executable<T>::run(Source where, std::span<double> shortest) {
  if (running) throw UsageError(locate("run", "this program is running already", where));
  for (const Check& check : checks) {
    const Buffer<std::int64_t>& labels = leaves[check.leaf]->integers;
    for (std::size_t row = 0; row < labels.size(); ++row) {
      const std::int64_t label = labels.data()[row];
      if (label >= 0 && label < check.bound) continue;
      const bool is_label = check.op == "cross_entropy" || check.op == "one_hot";
      throw ValueError(locate(check.op,
                              fmt::format("{} {} {} {} is outside [0, {})", is_label ? "label" : "index", label,
                                          is_label ? "of row" : "at position", row, check.bound),
                              check.where));
    }
  }
  const struct Running {
    bool& flag;
    explicit Running(bool& f) : flag(f) { flag = true; }
    ~Running() { flag = false; }
  } guard(running);
  if (shortest.empty()) {
    for (const Unit<T>& unit : units) unit.run(scratch.data());
  } else {
    for (std::size_t u = 0; u < units.size(); ++u) {
      const auto start = std::chrono::steady_clock::now();
      units[u].run(scratch.data());
      const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
      shortest[u] = std::min(shortest[u], time.count());
    }
  }
  for (const CopyOut& copy : copies) {
    if (copy.size != 0) std::memcpy(copy.to, copy.from, copy.size * sizeof(T));
  }
  for (const std::size_t leaf : assigned) leaves[leaf]->changed();
  was_run = true;
}

template <class T>
void Executable<T>::find_patches() {
  const auto enter = [&](T** slot) {
    const auto at = reinterpret_cast<std::uintptr_t>(*slot);
    const auto within = [&](const T* data, std::size_t size) {
      const auto first = reinterpret_cast<std::uintptr_t>(data);
      return data != nullptr && at >= first && at < first + size * sizeof(T);
    };
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const Buffer<T>& floats = leaves[i]->floats;
      if (within(floats.data(), floats.size())) patches_.push_back({slot, i, *slot - floats.data()});
    }
    for (std::size_t i = 0; i < cached.size(); ++i) {
      if (within(cached[i]->data(), static_cast<std::size_t>(cached[i]->size()))) {
        patches_.push_back({slot, leaves.size() + i, *slot - cached[i]->data()});
      }
    }
  };
  for (Unit<T>& unit : units) unit.for_each_pointer(enter);
  for (CopyOut& copy : copies) {
    enter(&copy.to);
    enter(const_cast<T**>(&copy.from));
  }
}

template <class T>
void Executable<T>::release_cached() {
  if (cached.empty()) return;
  if (patches_.empty()) find_patches();
  cached.clear();
}

template <class T>
void Executable<T>::rebind(std::vector<std::shared_ptr<LeafStorage<T>>> new_leaves,
                           std::vector<std::shared_ptr<const Tensor<T>>> new_cached) {
  was_run = false;
  if (new_leaves == leaves && new_cached == cached) return;
  if (patches_.empty()) find_patches();
  for (Unit<T>& unit : units) {
    for (kernels::Step<T>& step : unit.tiles.steps) {
      if (step.label == nullptr) continue;
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        if (step.label == leaves[i]->integers.data()) {
          step.label = new_leaves[i]->integers.data();
          break;
        }
      }
    }
    for (const std::int64_t*& index : unit.index) {
      for (std::size_t i = 0; index != nullptr && i < leaves.size(); ++i) {
        if (index == leaves[i]->integers.data()) {
          index = new_leaves[i]->integers.data();
          break;
        }
      }
    }
  }
  leaves = std::move(new_leaves);
  cached = std::move(new_cached);
  for (const Patch& patch : patches_) {
    T* base = patch.leaf < leaves.size() ? leaves[patch.leaf]->floats.data()
                                         : const_cast<T*>(cached[patch.leaf - leaves.size()]->data());
    *patch.slot = base + patch.offset;
  }
  for (Unit<T>& unit : units) {
    if (unit.kind == UnitKind::tiles || !unit.tiles.steps.empty()) unit.tiles.bake(scratch.data());
  }
}

template struct Unit<float>;
template struct Unit<double>;
template struct Executable<float>;
template struct Executable<double>;

}  // namespace wengert
