#include "autodiff/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autodiff/kernels/simd.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {
const char* name() { return hwy::TargetName(HWY_TARGET); }
}  // namespace
}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <stdexcept>

#include "autodiff/kernels/simd.hpp"

namespace wengert::kernels {
namespace {
HWY_EXPORT(name);
}

std::string simd_target() { return HWY_DYNAMIC_DISPATCH(name)(); }

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;  // lower bits of Highway's set are better targets
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) names.emplace_back(hwy::TargetName(target));
  return names;
}

void force_simd(std::string_view wanted) {
  hwy::SetSupportedTargetsForTest(0);
  if (wanted.empty()) return;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (wanted != hwy::TargetName(target)) continue;
    hwy::SetSupportedTargetsForTest(target);
    return;
  }
  throw std::invalid_argument("force_simd: this machine or binary has no \"" + std::string(wanted) + '"');
}

}  // namespace wengert::kernels
#endif
