// Graph, tape and handles.
#include <doctest/doctest.h>
#include <pthread.h>

#include <thread>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

TEST_CASE("B064: one tensor as both operands of a product, once transposed") {
  for (const auto& a : every_way([](auto x) { return matmul(x[0], transpose(x[0])); }, {Tensor<double>{{1}, {2}}})) {
    CAPTURE(a.way);
    CHECK(a.y == Tensor<double>{{1, 2}, {2, 4}});
    CHECK(a.g[0] == Tensor<double>{{6}, {6}});
  }
}

TEST_CASE("B065: a node is propagated after all of its users") {
  const auto doubled = [](auto x) {
    const auto b = x[0] + x[0];
    return b + b;
  };
  for (const auto& a : every_way(doubled, {number(1.0)})) CHECK(a.g[0].item() == 4);
  const auto nested = [](auto x) { return x[0] * (x[0] * x[1]) + x[0] * (x[0] * x[1]) + (x[0] * x[0]) * x[1]; };
  for (const auto& a : every_way(nested, {number(1.0), number(1.0)})) {
    CAPTURE(a.way);
    CHECK(a.g[0].item() == 6);
  }
}

TEST_CASE("B067: two backward sweeps do not see each other's cotangents") {
  Tape<double> tape;
  const auto x = tape.leaf(3.0), y = (x * x) * 1;
  const auto first = gradient(y, x), second = gradient(y, x);
  CHECK(item(first) == 6);
  CHECK(item(second) == 6);
}

TEST_CASE("B068: the two parts of a gradient are added, one of them out of a product") {
  const auto f = [](auto x) { return sum(matmul(x[0], x[1])) + sum(x[0]); };
  for (const auto& a : every_way(f, {full({1, 1}, 1.0), full({1, 1}, 2.0)})) {
    CAPTURE(a.way);
    CHECK(a.g[0] == full({1, 1}, 3.0));
  }
}

TEST_CASE("B070: the chain factor is applied where the argument is itself a function") {
  const auto atanh_of_twice = [](auto x) {
    const auto u = 2 * x[0];
    return 0.5 * (log1p(u) - log1p(-u));
  };
  for (const auto& a : every_way(atanh_of_twice, {number(0.1)})) {
    CAPTURE(a.way);
    CHECK(near(a.g[0].item(), 2.0833333333333333));
  }
}

TEST_CASE("B071: a chain of a million nodes lives and dies on a stack of 512 kB") {
  const auto chain = [](void* results) -> void* {
    Tape<double> tape;
    const auto x = tape.leaf(1.0);
    auto y = x;
    for (int i = 0; i < 1000000; ++i) y = y + 1e-6 * y;
    auto both = compile({y, gradient(y, x)});
    both.run();
    static_cast<double*>(results)[0] = both.value(0).item();
    static_cast<double*>(results)[1] = both.value(1).item();
    return nullptr;
  };
  double results[2] = {};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, 512 * 1024) == 0);
  pthread_t thread{};
  REQUIRE(pthread_create(&thread, &attributes, chain, results) == 0);
  pthread_join(thread, nullptr);
  for (const double result : results) CHECK(near(result, 2.7182804693193769, 1e-11));
}

TEST_CASE("B073: += makes a new node and leaves what was recorded with the old one alone") {
  Tape<double> tape;
  auto x = tape.leaf(Tensor<double>{{1, 2}});
  const auto w = tape.leaf(Tensor<double>{{3}, {4}});
  const auto y = matmul(x, w);
  x += 1;
  CHECK(value(gradient(sum(y), w)) == Tensor<double>{{1}, {2}});
  CHECK(value(x) == Tensor<double>{{2, 3}});
}

TEST_CASE("B073: what is written to a tensor after it became a leaf, or to a value, changes nothing recorded") {
  Tape<double> tape;
  Tensor<double> data{{1, 2}};
  const auto x = tape.leaf(data), w = tape.leaf(Tensor<double>{{3}, {4}});
  const auto y = matmul(x, w);
  Tensor<double> copy = value(x);
  for (double& element : data) element += 1;
  for (double& element : copy) element += 1;
  CHECK(value(gradient(sum(y), w)) == Tensor<double>{{1}, {2}});
  tape.set(x, data);  // the one way in: everything sees it, forward and backward alike
  CHECK(value(y) == Tensor<double>{{18}});
  CHECK(value(gradient(sum(y), w)) == Tensor<double>{{2}, {3}});
}

TEST_CASE("B074: a detached handle cannot change saved values") {
  Tape<double> tape;
  const auto a = tape.leaf({1.0, 2.0, 3.0}), s = sigmoid(a), d = stop_gradient(s);
  CHECK_THROWS_WITH_AS(tape.set(d, zeros({3})), doctest::Contains("only a leaf can be set"), UsageError);
  auto copy = value(d);
  for (double& element : copy) element = 0;
  const auto g = value(gradient(sum(s), a));
  const double expected[] = {0.19661193324148185, 0.10499358540350652, 0.045176659730912133};
  for (int i = 0; i < 3; ++i) CHECK(near(g.at(i), expected[i]));
}

TEST_CASE("B077: an update of a parameter is not recorded") {
  Tape<double> tape;
  const auto w = tape.leaf({1.0, 2.0});
  auto step = compile<double>({}, {assign(w, w - 0.1 * gradient(sum(square(w)), w))});
  const NodeId size = tape.size();
  for (int i = 0; i < 5; ++i) step.run();
  CHECK(near(value(w).at(0), 0.32768));  // 0.8^5
  CHECK(tape.node(w.id()).op->kind == Kind::leaf);
  CHECK(tape.inputs(w.id()).empty());
  CHECK(tape.size() == size);
}

TEST_CASE("B178: one tape per thread") {
  const auto slope_at = [](double at) {
    Tape<double> tape;
    const auto x = tape.leaf(at);
    return item(gradient(x * sin(x), x));
  };
  std::vector<double> alone;
  std::vector<int> wrong(8);
  for (int i = 0; i < 8; ++i) alone.push_back(slope_at(i));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 1000; ++round) wrong[i] += slope_at(static_cast<double>(i)) != alone[i];
    });
  }
  for (auto& t : threads) t.join();
  CHECK(wrong == std::vector<int>(8));
  for (int i = 0; i < 8; ++i)
    CHECK(std::abs(alone[static_cast<std::size_t>(i)] - (std::sin(i) + i * std::cos(i))) < 1e-13);
}

TEST_CASE("B182: Vars moved about in a vector keep their nodes") {
  Tape<double> tape;
  const auto first = tape.leaf(1.0);
  std::vector<Var<double>> leaves{first};
  leaves.shrink_to_fit();
  for (int i = 2; i <= 100; ++i) leaves.push_back(tape.leaf(i));
  auto y = tape.constant(0);
  for (const auto& x : leaves) y = y + x * x;
  const auto g = gradient(y, leaves);
  for (std::size_t i = 0; i < g.size(); ++i) CHECK(item(g[i]) == 2 * (static_cast<double>(i) + 1));
}
