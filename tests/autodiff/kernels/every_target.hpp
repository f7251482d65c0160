/// What tests of kernels share: all instruction sets of this machine in turn, and memory that notices stray writes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "autodiff/kernels/simd.hpp"
#include "autodiff/kernels/tile.hpp"

namespace wengert::kernels {

/// for (const std::string& target : EveryTarget()) runs its body with each instruction set in use; the best one is
/// back in use afterwards, also if the body throws.
class EveryTarget {
 public:
  ~EveryTarget() { force_simd(""); }

  class Iterator {
   public:
    Iterator(const std::vector<std::string>& names, std::size_t at) : names_(names), at_(at) {}
    const std::string& operator*() const {
      force_simd(names_[at_]);
      return names_[at_];
    }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const std::vector<std::string>& names_;
    std::size_t at_;
  };
  Iterator begin() const { return {names_, 0}; }
  Iterator end() const { return {names_, names_.size()}; }

 private:
  std::vector<std::string> names_ = simd_targets();
};

/// Elements between two fences; `intact()` says whether the fences still stand.
template <class T>
class Fenced {
 public:
  explicit Fenced(std::size_t size) : all_(kFence, kMark) {
    all_.resize(kFence + size, T(0));
    all_.resize(2 * kFence + size, kMark);
  }
  template <class Container>
  static Fenced of(const Container& values) {
    Fenced fenced(values.size());
    std::copy(values.begin(), values.end(), fenced.data());
    return fenced;
  }
  T* data() { return all_.data() + kFence; }
  const T* data() const { return all_.data() + kFence; }
  std::size_t size() const { return all_.size() - 2 * kFence; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  bool intact() const {
    const auto marks = [](auto first) { return std::all_of(first, first + kFence, [](T x) { return x == kMark; }); };
    return marks(all_.begin()) && marks(all_.end() - kFence);
  }

 private:
  static constexpr std::ptrdiff_t kFence = 32;
  static constexpr T kMark = T(-77);
  std::vector<T> all_;
};

}  // namespace wengert::kernels
