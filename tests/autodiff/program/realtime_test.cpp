// A run on one thread may stand in a real-time loop: it allocates nothing (program_test), takes no lock and makes no
// system call.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "autodiff/autodiff.hpp"

using namespace wengert;

namespace {
std::atomic<long> locks{0};

/// Large enough that products are packed and, with more threads, would be shared.
Program<float> training_step(Tape<float>& tape) {
  Random random(1);
  const auto x = tape.leaf(normal<float>(Shape{300, 200}, 0, 1, random));
  const auto W = tape.leaf(normal<float>(Shape{200, 300}, 0, 1, random));
  const auto loss = cross_entropy(tanh(matmul(x, W)), tape.indices(Tensor<std::int64_t>(Shape{300})));
  const auto g = gradient(loss, W);
  return compile({loss}, {assign(W, W - 0.1 * g)});
}
}  // namespace

// Replaces the C library's for the whole test program, which is how locks are counted. Relaxed: this is no lock itself.
extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Lock = int (*)(pthread_mutex_t*);
  static const Lock next = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  locks.fetch_add(1, std::memory_order_relaxed);
  return next(mutex);
}

TEST_CASE("a run on one thread takes no lock") {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  const long none = locks;
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  REQUIRE(locks == none + 1);  // so locks are seen

  Tape<float> tape;
  Program<float> step = training_step(tape);
  step.run();
  const long before = locks;
  for (int i = 0; i < 10; ++i) step.run();
  CHECK(locks == before);
}

TEST_CASE("a run on one thread makes no system call") {
  const auto exit_of = [](auto work) {
    const pid_t child = fork();
    if (child == 0) {
      Tape<float> tape;
      Program<float> step = training_step(tape);
      step.run();
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);  // from here on every call but exit, read and write kills the process
      work(step);
      syscall(SYS_exit, 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  };
  CHECK(WIFSIGNALED(exit_of([](Program<float>&) { static_cast<void>(getppid()); })));  // so calls are seen
  const int status = exit_of([](Program<float>& step) {
    for (int i = 0; i < 10; ++i) step.run();
  });
  CHECK(WIFEXITED(status));
}
