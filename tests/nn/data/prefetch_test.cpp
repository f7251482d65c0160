#include "nn/data/prefetch.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include "nn/data/batches.hpp"

namespace wengert::nn {

TEST_CASE("batches made ahead are those made on the spot") {
  Tensor<float> x(Shape{50, 3});
  for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i);
  const auto labels = arange<std::int64_t>(50);
  Batches<float, std::int64_t> here(x, labels, {.size = 8}), there(x, labels, {.size = 8});
  Prefetch<MiniBatch<float, std::int64_t>> ahead([&there] { return there.next(); }, 3);
  for (int i = 0; i < 100; ++i) {
    const auto a = ahead.next(), b = here.next();
    CHECK((a.x == b.x && a.y == b.y && a.epoch == b.epoch && a.number == b.number));
  }
}

TEST_CASE("what is thrown while making an item reaches whoever takes it, after the items before it") {
  Prefetch<int> ahead([i = 0]() mutable {
    if (i == 3) throw std::runtime_error("no fourth");
    return i++;
  });
  for (int i = 0; i < 3; ++i) CHECK(ahead.next() == i);
  CHECK_THROWS_WITH_AS(ahead.next(), "no fourth", std::runtime_error);
  CHECK_THROWS_WITH_AS(ahead.next(), "no fourth", std::runtime_error);
}

TEST_CASE("no more than the number asked for is made ahead") {
  std::atomic<int> made{0};
  Prefetch<int> ahead([&made] { return ++made; }, 2);
  CHECK(ahead.next() == 1);
  for (int i = 0; i < 200 && made < 3; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(made == 3);
}

TEST_CASE("items may be movable only, and whoever leaves early waits for nobody's item") {
  for (int i = 0; i < 100; ++i) {
    Prefetch<std::unique_ptr<int>> ahead([] { return std::make_unique<int>(7); });
    if (i % 2 == 0) CHECK(*ahead.next() == 7);
  }
}

}  // namespace wengert::nn
