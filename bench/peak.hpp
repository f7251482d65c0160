/// What one core can do: products and additions in registers, with nothing to load or store.
#pragma once

#include <string_view>

namespace bench {

/// GFLOP/s of one thread, the best of a few milliseconds of multiply-adds compiled for this machine, T float or double.
template <class T>
double multiply_add_speed();

/// The machine's peak, as far as it was seen: the clock varies, so ask before and after what is compared with it.
class Peak {
 public:
  void measure();
  /// GFLOP/s of one thread; `type` is "f32" or "f64".
  double of(std::string_view type) const { return type == "f32" ? f32_ : f64_; }

 private:
  double f32_ = 0, f64_ = 0;
};

}  // namespace bench
