/// All instruction sets of this machine in turn.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "autodiff/kernels/simd.hpp"

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

}  // namespace wengert::kernels
