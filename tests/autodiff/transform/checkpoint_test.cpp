// Values computed again in the reverse pass.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/autodiff/cases/every_way.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

using V = Var<double>;

/// A chain of dense layers with its gradient by all weights and the input, compiled.
struct Chain {
  Tape<double> tape;
  std::vector<V> weights;
  std::vector<std::function<V(V)>> layers;
  V x;
  Program<double> program;

  template <class Apply>
  Chain(int depth, std::int64_t batch, Apply apply) {
    Random random(5);
    x = tape.leaf(normal<double>(Shape{batch, 8}, 0, 1, random));
    for (int i = 0; i < depth; ++i) {
      weights.push_back(tape.leaf(normal<double>(Shape{8, 8}, 0, 0.6, random)));
      layers.push_back([W = weights.back()](V a) { return tanh(matmul(a, W)); });
    }
    std::vector<V> outputs = weights;
    outputs.push_back(x);
    const V loss = mean(square(apply(layers, x)));
    outputs = gradient(loss, outputs);
    outputs.push_back(loss);
    program = compile(outputs);
    program.run();
  }
};
V plainly(const std::vector<std::function<V(V)>>& layers, V x) {
  for (const auto& layer : layers) x = layer(x);
  return x;
}

}  // namespace

TEST_CASE("a chain of 1,000 layers in 32 checkpoints needs a tenth of the memory, and has the same gradient") {
  const Chain plain(1000, 256, plainly),
      saving(1000, 256, [](const auto&layers, V x) { return checkpoint_sequential(layers, x); });
  CHECK(10 * saving.program.arena_bytes() < plain.program.arena_bytes());
  REQUIRE(saving.program.size() == plain.program.size());
  double largest = 0;
  for (std::size_t i = 0; i < plain.program.size(); ++i) {
    const auto a = plain.program.value(i), b = saving.program.value(i);
    CHECK(a == b);
    for (const double g : a) largest = std::max(largest, std::abs(g));
  }
  CHECK(largest > 1e-3);  // there was something to compare
}

TEST_CASE("memory grows like the root of the depth with √n checkpoints, and like the depth without") {
  const auto bytes = [](int depth, auto apply) {
    return static_cast<double>(Chain(depth, 512, apply).program.arena_bytes());
  };
  const auto saving = [](const auto& layers, V x) { return checkpoint_sequential(layers, x); };
  CHECK(bytes(256, plainly) > 3.5 * bytes(64, plainly));
  CHECK(bytes(256, saving) < 2.5 * bytes(64, saving));
}

TEST_CASE("every way of asking for a derivative gives what it gives without checkpoints, nested ones too") {
  const auto inner = [](V x) { return exp(sin(x)) * x; };
  const auto outer = [&](V x, V w, auto apply) { return log1p(square(apply(inner, sin(x * w)) + w)); };
  const auto plain = [&](auto x) { return outer(x[0], x[1], [](auto f, V a) { return f(a); }); };
  const auto checkpointed = [&](auto x) {
    const V w = x[1];  // read from outside
    return checkpoint([&](V a) { return outer(a, w, [](auto f, V b) { return checkpoint(f, b); }); }, x[0]);
  };
  const std::vector<Tensor<double>> at = {Tensor<double>{0.3, -1.2, 2.0}, number(0.7)};
  const auto compare = [&](auto f, auto g) {
    const auto expected = every_way(f, at), got = every_way(g, at);
    for (std::size_t way = 0; way < got.size(); ++way) {
      CAPTURE(got[way].way);
      CHECK(got[way].y == expected[way].y);
      for (int i = 0; i < 3; ++i) CHECK(near(got[way].g[0].at(i), expected[way].g[0].at(i), 1e-13));
      CHECK(near(got[way].g[1].item(), expected[way].g[1].item(), 1e-13));
    }
  };
  compare(plain, checkpointed);
  const auto slope = [](auto f, std::size_t i) { return [=](auto x) { return gradient(sum(f(x)), x[i]); }; };
  compare(slope(plain, 0), slope(checkpointed, 0));
  compare(slope(plain, 1), slope(checkpointed, 1));
}

TEST_CASE("random expressions cut at random into nested checkpoints have the derivatives they have in one piece") {
  const auto derivatives = [](std::uint64_t seed, bool saving) {
    Random random(seed);
    const auto draw = [&](std::size_t n) {
      return static_cast<std::size_t>(uniform<double>(Shape{}, 0, static_cast<double>(n), random).item());
    };
    Tape<double> tape;
    std::vector<V> leaves, pool;  // all are 4 x 4
    for (int i = 0; i < 3; ++i) leaves.push_back(tape.leaf(normal<double>(Shape{4, 4}, 0, 0.5, random)));
    pool = leaves;
    const auto any = [&] { return pool[pool.size() - 1 - draw(std::min<std::size_t>(pool.size(), 5))]; };
    const auto operation = [&](V a) -> V {
      switch (draw(8)) {
        case 0: return tanh(matmul(a, any()));
        case 1: return tanh(matmul(transpose(a), any()));
        case 2: return softmax(a + any());
        case 3: return tanh(a * sum(any(), 0));
        case 4: return exp(-square(a)) + any();
        case 5: return concatenate({slice(a, 0, 2, 4), slice(any(), 0, 0, 2)});
        case 6: return a - mean(any());
        default: return sin(a) * cos(any());
      }
    };
    const std::function<V(V, int)> block = [&](V a, int depth) {
      const std::size_t known = pool.size();
      for (std::size_t left = 1 + draw(4); left > 0; --left) {
        if (depth > 0 && draw(3) == 0) {
          a = saving ? checkpoint([&](V inner) { return block(inner, depth - 1); }, a) : block(a, depth - 1);
        } else {
          a = operation(a);
        }
        pool.push_back(a);
      }
      pool.resize(known);  // what is inside stays inside
      return a;
    };
    for (int i = 0; i < 6; ++i) {
      const V a = any();
      pool.push_back(saving ? checkpoint([&](V inner) { return block(inner, 2); }, a) : block(a, 2));
    }
    const V loss = mean(square(pool.back())) + sum(pool[pool.size() - 2]);
    std::vector<V> outputs = gradient(loss, leaves);
    const auto second = gradient(sum(sin(outputs[0])) + sum(outputs[1]), leaves),
               forward = jvp(outputs, leaves, leaves);
    outputs.insert(outputs.end(), second.begin(), second.end());
    outputs.insert(outputs.end(), forward.begin(), forward.end());
    auto program = compile(outputs, {assign(leaves[0], leaves[0] - 0.1 * outputs[0])});
    program.run();
    std::vector<Tensor<double>> out;
    for (std::size_t i = 0; i < program.size(); ++i) out.push_back(program.value(i));
    out.push_back(value(leaves[0]));
    return out;
  };
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto plain = derivatives(seed, false), saving = derivatives(seed, true);
    CAPTURE(seed);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      double scale = 1, difference = 0;  // all values are bounded; slopes may cancel
      for (std::int64_t k = 0; k < plain[i].size(); ++k) {
        scale = std::max(scale, std::abs(plain[i].data()[k]));
        difference = std::max(difference, std::abs(plain[i].data()[k] - saving[i].data()[k]));
      }
      CAPTURE(i);
      CHECK(difference <= 1e-11 * scale);
    }
  }
}

TEST_CASE("a second run happens in reverse mode alone, and after the cotangent is there") {
  Tape<double> tape;
  const auto x = tape.leaf(ones({100, 4})), W = tape.leaf(ones({4, 4}));
  const auto layer = [&](V a) { return softmax(matmul(a, W)); };
  const auto products = [](const Program<double>& program) {
    int n = 0;
    for (const UnitInfo& unit : program.units()) n += unit.product ? 1 : 0;
    return n;
  };
  const auto plain = layer(layer(x)), saving = layer(checkpoint(layer, x));
  CHECK(products(compile(saving)) == 2);
  CHECK(products(compile(jvp(saving, x, x))) == products(compile(jvp(plain, x, x))));
  CHECK(products(compile(gradient(sum(square(saving)), x))) == products(compile(gradient(sum(square(plain)), x))) + 1);
  // The last layer's cotangent is known when its value is: nothing is gained by forgetting that.
  const auto last = checkpoint(layer, layer(x));
  CHECK(products(compile(gradient(sum(last), x))) == products(compile(gradient(sum(plain), x))));
}

TEST_CASE("B187: a second run draws the same random numbers, and leaves the stream where it was") {
  const auto run = [](bool saving) {
    Tape<double> tape;
    const auto key = tape.indices({7, 0});
    const auto w = tape.leaf(arange(8)), x = tape.leaf(ones({8}));
    const auto f = [&](V a) { return square(dropout(a * w, key, 0.5)); };
    const auto y = saving ? checkpoint(f, x) : f(x);
    const auto g = gradient(sum(exp(-y)), w);
    auto both = compile({y, g, uniform(key, Shape{5})});
    both.run();
    return std::array{both.value(0), both.value(1), both.value(2)};
  };
  const auto plain = run(false), saving = run(true);
  for (std::size_t i = 0; i < 3; ++i) CHECK(plain[i] == saving[i]);
  CHECK(*std::ranges::max_element(plain[1]) == 0);
  CHECK(*std::ranges::min_element(plain[1]) < 0);
}

TEST_CASE("what a second run computes has the lines of the first") {
  Tape<double> tape;
  const auto x = tape.leaf(0.5);
  const std::uint32_t line = __LINE__ + 1;
  const auto y = checkpoint([](V a) { return exp(sin(a)); }, x);
  const NodeId before = tape.size();
  gradient(square(y), x);
  int found = 0;
  for (NodeId id = before; id < tape.size(); ++id) {
    if (tape.node(id).op->name != "sin") continue;
    CHECK(tape.node(id).where.line() == line);
    ++found;
  }
  CHECK(found == 1);
}

TEST_CASE("a kernel and a rule of the user work inside a checkpoint") {
  Tape<double> tape;
  const auto twice = custom_kernel<double>({.run = [](auto in, const auto& out) { *out.data = 2 * *in[0].data; },
                                            .vjp = [](auto, auto, auto g) { return std::vector{2 * g}; }});
  const auto f = [&](V a) {
    return exp(custom_vjp([](auto in) { return square(in[0]); },
                          [](auto in, auto, auto g) { return std::vector{2 * in[0] * g}; }, {twice(a)}));
  };
  const auto x = tape.leaf(0.5), y = square(checkpoint(f, x));  // e^(8 x^2)
  CHECK(near(item(gradient(y, x)), 8 * std::exp(2)));
  CHECK(near(item(gradient(gradient(y, x), x)), 80 * std::exp(2)));
}

TEST_CASE("misuse of a checkpoint is an error with words, and leaves the tape as before") {
  Tape<double> tape;
  const auto x = tape.leaf(1.0);
  const NodeId size = tape.size();
  CHECK_THROWS_WITH_AS(checkpoint([&](V a) { return a * tape.leaf(2.0); }, x),
                       doctest::Contains("checkpoint: the function makes a leaf at checkpoint_test.cpp"), UsageError);
  CHECK_THROWS_WITH_AS(checkpoint([&](V a) { return a; }, V()),
                       doctest::Contains("checkpoint: an empty Var has no tape"), UsageError);
  CHECK_THROWS_WITH_AS(checkpoint([&](V) { return V(); }, x), doctest::Contains("an empty Var"), UsageError);
  CHECK_THROWS_WITH_AS(checkpoint_sequential<double>({[](V a) { return a; }}, x, 2),
                       doctest::Contains("checkpoint_sequential: 2 segments of 1 layers"), UsageError);
  CHECK(tape.size() == size);
  CHECK(checkpoint_sequential<double>({}, x).id() == x.id());
}
