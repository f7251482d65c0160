/// Worker threads for large kernels.
///
/// 1. One pool for the process. It holds threads and no data, starts with the first work that pays, sleeps when idle,
///    and is started anew in a forked child.
/// 2. What a kernel computes never depends on the number of threads: work is cut by the shape of the problem alone.
/// 3. With one thread, the default, no lock is taken and no system call is made.
#pragma once

#include <cstddef>
#include <type_traits>

#include "autodiff/tensor/source.hpp"

namespace wengert {

/// Lets `run()` use up to n threads, the caller's included; 0 means one per core. For the whole process, from the next
/// run on. Throws UsageError if n is negative.
void set_threads(int n, Source where = Source::here());
int threads();

namespace kernels {

namespace internal {
bool worth_sharing(double nanoseconds);
void share(std::size_t parts, void (*call)(void*, std::size_t), void* context);
}  // namespace internal

/// True if `nanoseconds` of work on one thread are worth sharing now: that is less if the workers are awake.
inline bool worth_sharing(double nanoseconds) {
  constexpr double kWorthAwake = 1'500;  // handing work to an awake worker costs 0.6 µs (two cores of a Zen 5)
  return nanoseconds >= kWorthAwake && internal::worth_sharing(nanoseconds);
}

/// Calls f(0) … f(parts - 1), on several threads at once, and waits for all. If another thread is sharing already, all
/// are called here. The first exception is thrown again when all have stopped; the pool stays usable.
template <class F>
void share(std::size_t parts, F&& f) {
  internal::share(
      parts, [](void* context, std::size_t part) { (*static_cast<std::remove_reference_t<F>*>(context))(part); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

}  // namespace kernels
}  // namespace wengert
