#include "autodiff/kernels/threads.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "autodiff/tensor/error.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace wengert {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kWorthAsleep = 60'000;              // ns of work: waking a worker costs 27 µs
constexpr std::chrono::microseconds kPatience{150};  // that a worker stays awake

std::atomic<int> wanted{1};

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

/// Workers wait for `round_` to change, take parts until none is left, and count themselves out. Each begins with parts
/// of its own, the same ones in every round, whose memory its cache may still hold; then it helps the others.
class Pool {
 public:
  explicit Pool(std::size_t workers) : left_(workers + 1) {
    for (std::size_t i = 1; i <= workers; ++i) workers_.emplace_back([this, i] { work(i); });
  }
  ~Pool() {
    stop_ = true;
    begin_round();
    for (std::thread& t : workers_) t.join();
  }
  std::size_t size() const { return workers_.size(); }
  bool awake() const { return sleeping_.load(std::memory_order_relaxed) == 0; }

  void run(std::size_t parts, void (*call)(void*, std::size_t), void* context) {
    call_ = call, context_ = context;
    for (std::size_t i = 0; i < left_.size(); ++i) {
      left_[i].next.store(parts * i / left_.size(), std::memory_order_relaxed);
      left_[i].end = parts * (i + 1) / left_.size();
    }
    failed_ = nullptr;
    inside_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    begin_round();
    take(0);
    while (inside_.load(std::memory_order_acquire) != 0) relax();
    if (failed_) std::rethrow_exception(std::exchange(failed_, nullptr));
  }

 private:
  /// Parts of one thread that nobody has taken.
  struct alignas(64) Left {
    std::atomic<std::size_t> next{0};
    std::size_t end = 0;
  };

  void begin_round() {
    round_.fetch_add(1, std::memory_order_seq_cst);
    if (sleeping_.load(std::memory_order_seq_cst) != 0) round_.notify_all();
  }
  void take(std::size_t self) {
    for (std::size_t i = 0; i < left_.size(); ++i) take_from(left_[(self + i) % left_.size()]);
  }
  void take_from(Left& left) {
    for (std::size_t part; (part = left.next.fetch_add(1, std::memory_order_relaxed)) < left.end;) {
      try {
        call_(context_, part);
      } catch (...) {
        const std::lock_guard lock(failure_);
        if (!failed_) failed_ = std::current_exception();
      }
    }
  }
  void work(std::size_t self) {
    for (unsigned seen = 0;;) {
      const auto asleep_at = Clock::now() + kPatience;
      for (int i = 1; round_.load(std::memory_order_acquire) == seen; ++i) {
        relax();
        if (i % 256 != 0 || Clock::now() < asleep_at) continue;
        sleeping_.fetch_add(1, std::memory_order_seq_cst);
        round_.wait(seen, std::memory_order_seq_cst);
        sleeping_.fetch_sub(1, std::memory_order_seq_cst);
      }
      seen = round_.load(std::memory_order_acquire);
      if (stop_) return;
      take(self);
      inside_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::atomic<unsigned> round_{0};
  std::atomic<int> sleeping_{0}, inside_{0};
  std::atomic<bool> stop_{false};
  void (*call_)(void*, std::size_t) = nullptr;
  void* context_ = nullptr;
  std::mutex failure_;
  std::exception_ptr failed_;
  std::vector<Left> left_;  // of the caller first, then of each worker
  std::vector<std::thread> workers_;
};

/// The pool and the right to use it.
struct Shared {
  std::mutex turn;
  std::unique_ptr<Pool> pool;

  static Shared& get() {
    static Shared& shared = *new Shared();  // never destroyed: a run may come after the end of main
    static const int registered = pthread_atfork(nullptr, nullptr, [] {
      Shared& s = get();
      new (&s.turn) std::mutex();  // the child has this thread alone; the workers' memory stays behind
      static_cast<void>(s.pool.release());
    });
    static_cast<void>(registered);
    return shared;
  }
};

}  // namespace

void set_threads(int n, Source where) {
  if (n < 0)
    throw UsageError(
        locate("set_threads", fmt::format("the number of threads is {}, it must be 0 (all cores) or more", n), where));
  wanted = n != 0 ? n : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}
int threads() { return wanted.load(std::memory_order_relaxed); }

namespace kernels {

bool internal::worth_sharing(double nanoseconds) {
  if (threads() == 1) return false;
  if (nanoseconds >= kWorthAsleep) return true;
  Shared& shared = Shared::get();
  const std::unique_lock lock(shared.turn, std::try_to_lock);
  return lock.owns_lock() && shared.pool && shared.pool->awake();
}

void internal::share(std::size_t parts, void (*call)(void*, std::size_t), void* context) {
  const int n = threads();
  Shared& shared = Shared::get();
  const std::unique_lock lock(shared.turn, std::try_to_lock);
  if (n == 1 || parts < 2 || !lock.owns_lock()) {
    for (std::size_t part = 0; part < parts; ++part) call(context, part);
    return;
  }
  const auto workers = static_cast<std::size_t>(n - 1);
  if (!shared.pool || shared.pool->size() != workers) {
    shared.pool.reset();
    shared.pool = std::make_unique<Pool>(workers);
  }
  shared.pool->run(parts, call, context);
}

}  // namespace kernels
}  // namespace wengert
