#include "nn/data/batches.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/random.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;
using Labels = Tensor<std::int64_t>;

/// x_i = i, y_i = 10 i.
Batches<double, std::int64_t> tens(std::int64_t n, const BatchOptions& options) {
  Tensor<double> x(Shape{n, 1});
  Labels y(Shape{n});
  for (std::int64_t i = 0; i < n; ++i) {
    x.at(i, 0) = static_cast<double>(i);
    y.at(i) = 10 * i;
  }
  return {x, y, options};
}

std::vector<std::int64_t> labels_of_epoch(Batches<double, std::int64_t>& batches) {
  std::vector<std::int64_t> out;
  for (bool last = false; !last;) {
    const auto batch = batches.next();
    out.insert(out.end(), batch.y.begin(), batch.y.end());
    last = batch.last;
  }
  return out;
}

}  // namespace

TEST_CASE("features and labels are shuffled together, each row once per epoch (B139)") {
  auto batches = tens(1000, {.size = 32, .seed = 1});
  std::set<std::int64_t> seen;
  bool moved = false;
  for (std::int64_t number = 0; number < 32; ++number) {
    const auto batch = batches.next();
    CHECK((batch.epoch == 0 && batch.number == number && batch.last == (number == 31)));
    CHECK(batch.x.shape() == Shape{number == 31 ? 8 : 32, 1});  // the last, smaller batch is kept
    for (std::int64_t i = 0; i < batch.y.size(); ++i) {
      CHECK(static_cast<double>(batch.y.at(i)) == 10 * batch.x.at(i, 0));
      CHECK(seen.insert(batch.y.at(i)).second);
      moved = moved || batch.y.at(i) != 10 * (32 * number + i);
    }
  }
  CHECK(seen.size() == 1000);
  CHECK(moved);
}

TEST_CASE("the order depends on seed and epoch, not on a standard library (B140)") {
  const auto batches = tens(10, {.seed = 42});
  // Philox, Lemire's reduction and Fisher-Yates, computed by a program in Python.
  CHECK(batches.order(0) == Labels{0, 9, 1, 7, 5, 6, 8, 2, 3, 4});
  CHECK(batches.order(1) == Labels{3, 4, 5, 2, 8, 0, 9, 7, 6, 1});
  CHECK(batches.order(2) == Labels{9, 1, 8, 3, 0, 2, 4, 7, 6, 5});
}

TEST_CASE("after a seek the epochs go on as if never interrupted (B167)") {
  auto whole = tens(20, {.size = 6, .seed = 3}), resumed = tens(20, {.size = 6, .seed = 3});
  std::vector<std::vector<std::int64_t>> epochs;
  for (int e = 0; e < 3; ++e) epochs.push_back(labels_of_epoch(whole));
  CHECK((epochs[0] != epochs[1] && epochs[1] != epochs[2] && epochs[0] != epochs[2]));
  resumed.seek(1);
  CHECK(labels_of_epoch(resumed) == epochs[1]);
  CHECK(labels_of_epoch(resumed) == epochs[2]);
  resumed.seek(0, 4);  // behind the last batch of epoch 0
  CHECK(labels_of_epoch(resumed) == epochs[1]);
  resumed.seek(2, 1);
  CHECK(resumed.next().y.at(0) == epochs[2][6]);
}

TEST_CASE("without shuffling rows come in their own order, and one batch may hold all") {
  auto batches = tens(5, {.size = 100, .shuffle = false});
  const auto batch = batches.next();
  CHECK(batch.y == Labels{0, 10, 20, 30, 40});
  CHECK(batch.last);
  CHECK(batches.next().epoch == 1);
}

TEST_CASE("rows that do not fit together are refused") {
  using B = Batches<float, float>;
  CHECK_THROWS_WITH_AS(B(Tensor<float>(Shape{3, 2}), Tensor<float>(Shape{2, 1})), Contains("x is [3, 2] and y [2, 1]"),
                       ShapeError);
  CHECK_THROWS_AS(B(Tensor<float>(Shape{0, 2}), Tensor<float>(Shape{0})), ShapeError);
  CHECK_THROWS_AS(B(Tensor<float>(Shape{1}), Tensor<float>(Shape{1}), {.size = 0}), ValueError);
  auto batches = tens(4, {.size = 2});
  CHECK_THROWS_AS(batches.seek(0, 3), ValueError);
  CHECK_THROWS_AS(batches.seek(-1), ValueError);
}

}  // namespace wengert::nn
