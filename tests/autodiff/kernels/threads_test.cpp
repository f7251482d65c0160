// The pool, and that nobody can tell from the numbers how many threads there were.
#include "autodiff/kernels/threads.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

#include "autodiff/autodiff.hpp"

using namespace wengert;

namespace {

/// Leaves one thread behind, whatever a test did.
struct Threads {
  explicit Threads(int n) { set_threads(n); }
  ~Threads() { set_threads(1); }
};

template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
}

/// Loss and gradients of a network large enough that everything is shared: products with epilogues by block and by
/// run, sums down columns, updates; run twice, so that the update is seen too.
template <class T>
std::vector<Tensor<T>> train(std::int64_t batch, std::int64_t in, std::int64_t hidden, std::int64_t out) {
  Tape<T> tape;
  Random random(3);
  const auto x = tape.leaf(uniform<T>(Shape{batch, in}, -1, 1, random));
  const auto W = tape.leaf(normal<T>(Shape{in, hidden}, T(0), T(0.05), random)),
             b = tape.leaf(Tensor<T>(Shape{hidden}));
  const auto V = tape.leaf(normal<T>(Shape{hidden, out}, T(0), T(0.05), random)), c = tape.leaf(Tensor<T>(Shape{out}));
  const auto labels = tape.indices(Tensor<std::int64_t>(Shape{batch}));
  const auto loss = cross_entropy(matmul(tanh(matmul(x, W) + b), V) + c, labels);
  const auto [dW, db, dV, dc] = gradient(loss, {W, b, V, c});
  auto step = compile<T>({loss, dW, db, dV, dc}, {assign(W, W - T(0.1) * dW), assign(V, V - T(0.1) * dV)});
  step.run();
  step.run();
  std::vector<Tensor<T>> results;
  for (std::size_t i = 0; i < step.size(); ++i) results.push_back(step.value(i));
  results.push_back(value(W));
  return results;
}

/// Every kind of reduction over a tensor of many blocks.
template <class T>
std::vector<Tensor<T>> reduce(const Shape& shape) {
  Tape<T> tape;
  Random random(4);
  const auto x = tape.leaf(uniform<T>(shape, -1, 1, random));
  std::vector<Tensor<T>> results;
  for (const auto& y : {sum(exp(x)), sum(exp(x), 0), sum(exp(x), 1), max(sin(x)), min(sin(x), 0), mean(x), x * x}) {
    results.push_back(value(y));
  }
  return results;
}

template <class F>
void check_for_any_number_of_threads(F f) {
  const auto alone = f();
  for (const int n : {2, 3, 8}) {
    const Threads threads(n);
    for (int repeat = 0; repeat < 3; ++repeat) {
      const auto together = f();
      REQUIRE(together.size() == alone.size());
      for (std::size_t i = 0; i < alone.size(); ++i) {
        CAPTURE(n);
        CAPTURE(i);
        CHECK(same_bits(together[i], alone[i]));
      }
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("B179: gradients and updates have the same bits for 1, 2, 3 and 8 threads", T, float, double) {
  check_for_any_number_of_threads([] { return train<T>(128, 784, 128, 10); });
  check_for_any_number_of_threads([] { return train<T>(256, 300, 1000, 7); });  // C beyond L2: epilogues by block
  check_for_any_number_of_threads([] { return train<T>(1100, 70, 40, 3); });    // several bands of rows
  check_for_any_number_of_threads([] { return train<T>(340, 190, 50, 18); });   // columns behind the last full vector
}

TEST_CASE_TEMPLATE("B179: reductions have the same bits for 1, 2, 3 and 8 threads", T, float, double) {
  check_for_any_number_of_threads([] { return reduce<T>(Shape{1000, 300}); });
  check_for_any_number_of_threads([] { return reduce<T>(Shape{3, 100'001}); });
  check_for_any_number_of_threads([] { return reduce<T>(Shape{100'001, 3}); });
}

TEST_CASE("every part is done once, however many there are") {
  const Threads threads(3);
  for (const std::size_t parts : {0u, 1u, 2u, 7u, 1000u}) {
    std::vector<std::atomic<int>> done(parts);
    kernels::share(parts, [&](std::size_t i) { ++done[i]; });
    for (const auto& d : done) CHECK(d == 1);
  }
}

TEST_CASE("a thread begins with the same parts every time") {
  const Threads threads(2);
  std::thread::id first_worker;
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> begun{0};
    std::thread::id by[2];
    kernels::share(2, [&](std::size_t i) {
      by[i] = std::this_thread::get_id();
      ++begun;
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (begun != 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();  // so that none does both
    });
    if (round == 0) first_worker = by[1];
    CHECK(by[0] == std::this_thread::get_id());
    CHECK(by[1] == first_worker);
    CHECK(by[0] != by[1]);
  }
}

TEST_CASE("an exception of a part reaches the caller and leaves the pool usable") {
  const Threads threads(2);
  for (int round = 0; round < 20; ++round) {
    CHECK_THROWS_WITH_AS(kernels::share(8,
                                        [](std::size_t i) {
                                          if (i == 5) throw std::runtime_error("part 5");
                                        }),
                         "part 5", std::runtime_error);
    std::atomic<int> sum{0};
    kernels::share(8, [&](std::size_t i) { sum += static_cast<int>(i); });
    CHECK(sum == 28);
  }
}

TEST_CASE("work handed out inside a part, or by a second thread, is done by who hands it out") {
  const Threads threads(2);
  std::atomic<int> sum{0};
  kernels::share(4, [&](std::size_t) { kernels::share(4, [&](std::size_t) { ++sum; }); });
  CHECK(sum == 16);
  const auto work = [&] {
    for (int i = 0; i < 200; ++i) kernels::share(4, [&](std::size_t) { ++sum; });
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(sum == 16 + 2 * 200 * 4);
}

TEST_CASE("the pool wakes after it has slept, and may change its size") {
  for (const int n : {2, 4, 1, 3}) {
    const Threads threads(n);
    std::atomic<int> sum{0};
    kernels::share(10, [&](std::size_t) { ++sum; });
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    kernels::share(10, [&](std::size_t) { ++sum; });
    CHECK(sum == 20);
  }
}

TEST_CASE("a forked child has a pool of its own") {
  const Threads threads(2);
  std::atomic<int> sum{0};
  kernels::share(4, [&](std::size_t) { ++sum; });
  const pid_t child = fork();
  if (child == 0) {
    kernels::share(4, [&](std::size_t) { ++sum; });
    _exit(sum == 8 ? 0 : 1);
  }
  int status = 1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a negative number of threads throws and changes nothing") {
  CHECK_THROWS_WITH_AS(set_threads(-1),
                       doctest::Contains("set_threads: the number of threads is -1, it must be 0 (all cores) or more"),
                       UsageError);
  CHECK(threads() == 1);
}
