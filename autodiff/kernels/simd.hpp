/// Which instruction sets this binary has, and which one the kernels use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wengert::kernels {

/// The instruction set the kernels use: "AVX3" (AVX-512), "AVX2", "SSE4", "SCALAR" or "NEON".
std::string simd_target();

/// Those that this binary contains and this machine can run, best first.
std::vector<std::string> simd_targets();

/// For tests only: makes the whole process use the instruction set `name`; an empty name restores the best one.
///
/// Programs compiled before keep the tile functions they were compiled with. Not thread-safe.
/// Throws std::invalid_argument unless `name` is empty or one of `simd_targets()` (as they are without force).
void force_simd(std::string_view wanted);

}  // namespace wengert::kernels
