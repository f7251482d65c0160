/// Which instruction sets the kernels are built for: AVX-512, AVX2, SSE4 and plain scalar code on x86, NEON on ARM.
///
/// Include before any header of Highway. SVE and RVV are off because their vectors may not stand in arrays or structs;
/// SSSE3 is off because it gains little over SSE4 and costs a fifth of the compile time. Under GCC's sanitizers, which
/// multiply that time, AVX2 and SSE4 are off, too: masked memory is AVX-512's there, unmasked the scalar code's.
#pragma once

#ifndef HWY_DISABLED_TARGETS
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HWY_DISABLED_TARGETS \
  (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3 | HWY_SSE4 | HWY_AVX2)
#else
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3)
#endif
#endif
