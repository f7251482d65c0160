// docs/batching.md: its blocks are compiled here, and what it says is checked.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "autodiff/autodiff.hpp"

using namespace wengert;

namespace {

/// The lines of a file without what they are indented by.
std::string lines(const std::string& path) {
  std::ifstream file(path);
  std::string text = "\n", line;
  while (std::getline(file, line)) text += line.substr(std::min(line.find_first_not_of(' '), line.size())) + '\n';
  return text;
}
double largest_difference(const Tensor<double>& a, const Tensor<double>& b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a.data()[i] - b.data()[i]));
  return largest;
}

struct Data {
  Tape<double> tape;
  Random random{3};
  Var<double> points = tape.leaf(normal<double>(Shape{5, 3}, 0, 1, random));
  Var<double> w = tape.leaf(normal<double>(Shape{3, 2}, 0, 1, random));
  /// Example n alone.
  Var<double> point(std::int64_t n) { return squeeze(slice(points, 0, n, n + 1), 0); }
};

}  // namespace

TEST_CASE("a function written for the last axes takes batches and pairs") {
  Data data;
  const auto points = data.points, p = data.point(1), q = data.point(4);
  // clang-format off
  const auto distance = [](Var<double> a, Var<double> b) { return sqrt(sum(square(a - b), -1)); };
  const auto one = distance(p, q);                                    // [3], [3] -> []
  const auto all = distance(expand_dims(points, 1), expand_dims(points, 0));  // [5, 1, 3], [1, 5, 3] -> [5, 5]
  // clang-format on
  CHECK(value(all).shape() == Shape{5, 5});
  CHECK(value(all).at(1, 4) == value(one).item());
  CHECK(value(all).at(2, 2) == 0);
}

TEST_CASE("gradients, Jacobians and Hessians per example are those of each example alone") {
  Data data;
  const auto points = data.points, w = data.w;
  // clang-format off
  const auto copies = broadcast_to(w, Shape{5, 3, 2});                       // one w per example
  const auto outputs = squeeze(matmul(expand_dims(points, 1), copies), -2);  // [5, 1, 3] [5, 3, 2] -> [5, 2]
  const auto losses = sum(square(outputs), -1);                              // [5]
  const auto each = gradient(sum(losses), copies);                           // [5, 3, 2]: one gradient per example
  const Tensor<double> J = jacobian(sum(outputs, 0), points);  // J[i, n, j] = ∂y_ni/∂x_nj, in 2 runs instead of 10
  const auto g = gradient(sum(losses), points);
  const Tensor<double> H = jacobian(sum(g, 0), points);        // H[i, n, j]: example n's Hessian, in 3 runs
  // clang-format on
  CHECK(J.shape() == Shape{2, 5, 3});
  CHECK(H.shape() == Shape{3, 5, 3});
  for (std::int64_t n = 0; n < 5; ++n) {
    const auto x = data.tape.leaf(value(data.point(n)));
    const auto y = matmul(x, w), loss = sum(square(y));
    CHECK(largest_difference(value(squeeze(slice(each, 0, n, n + 1), 0)), value(gradient(loss, w))) < 1e-14);
    const auto Jn = jacobian(y, x), Hn = hessian(loss, x);
    for (std::int64_t i = 0; i < 3; ++i) {
      for (std::int64_t j = 0; j < 3; ++j) {
        if (i < 2) CHECK(std::abs(J.at(i, n, j) - Jn.at(i, j)) < 1e-14);
        CHECK(std::abs(H.at(i, n, j) - Hn.at(i, j)) < 1e-13);
      }
    }
  }
}

TEST_CASE("stacked copies of x take a direction each") {
  Data data;
  const auto x = data.point(0);
  const auto directions = data.points;  // five of them
  const auto stacked = broadcast_to(x, Shape{5, 3});
  const auto f = [&](Var<double> a) { return tanh(matmul(a, data.w)); };
  const auto all = value(jvp(f(stacked), stacked, directions));
  for (std::int64_t n = 0; n < 5; ++n) {
    const auto alone = value(jvp(f(x), x, data.point(n)));
    for (std::int64_t i = 0; i < 2; ++i) CHECK(std::abs(all.at(n, i) - alone.at(i)) < 1e-15);
  }
}

TEST_CASE("what the page lists as covered gives for a batch what it gives for each example") {
  using V = Var<double>;
  const struct {
    const char* name;
    V (*f)(V x);  // of a regular [3, 3]
  } covered[] = {
      {"sum", [](V x) { return sum(x, -1); }},
      {"softmax", [](V x) { return softmax(x); }},
      {"layer_norm", [](V x) { return layer_norm(x); }},
      {"norm", [](V x) { return norm(x, 2, -1); }},
      {"var", [](V x) { return var(x, -1); }},
      {"argmax", [](V x) { return argmax(x); }},
      {"cumsum", [](V x) { return cumsum(x, -1); }},
      {"matmul", [](V x) { return matmul(x, swap_axes(x, -1, -2)); }},
      {"einsum",
       [](V x) {
         return einsum("...ij,...jk,...k->...i", {x, x, sum(x, -1)});
       }},
      {"trace", [](V x) { return trace(x); }},
      {"cholesky", [](V x) { return cholesky(matmul(x, swap_axes(x, -1, -2))); }},
      {"solve", [](V x) { return solve(x, sin(x)); }},
      {"triangular_solve", [](V x) { return triangular_solve(x, sin(x)); }},
      {"inverse", [](V x) { return inverse(x); }},
      {"det", [](V x) { return det(x); }},
      {"slogdet", [](V x) { return slogdet(x).second; }},
      {"diag", [](V x) { return diag(diagonal(x)); }},
      {"tril", [](V x) { return tril(x) - triu(x, 1); }},
      {"slice", [](V x) { return slice(x, -1, 0, kEnd, 2); }},
      {"flip", [](V x) { return flip(x, -1); }},
      {"roll", [](V x) { return roll(x, 1, -1); }},
      {"concatenate",
       [](V x) {
         return concatenate({x, exp(x)}, -1);
       }},
  };
  Data data;
  const auto x = data.tape.leaf(value(data.tape.leaf(normal<double>(Shape{4, 3, 3}, 0, 0.3, data.random)) +
                                      diag(data.tape.leaf({1.0, 2.0, 3.0}))));
  for (const auto& [name, f] : covered) {
    CAPTURE(name);
    const auto y = f(x), weights = cos(y + 1);  // a seed that tells the elements apart
    const auto g = vjp(y, x, stop_gradient(weights));
    for (std::int64_t n = 0; n < 4; ++n) {
      const auto alone = data.tape.leaf(value(squeeze(slice(x, 0, n, n + 1), 0)));
      const auto z = f(alone);
      CHECK(largest_difference(value(squeeze(slice(y, 0, n, n + 1), 0)), value(z)) < 1e-13);
      const auto h = vjp(z, alone, stop_gradient(cos(z + 1)));
      CHECK(largest_difference(value(squeeze(slice(g, 0, n, n + 1), 0)), value(h)) < 1e-12);
    }
  }
}

TEST_CASE("the blocks of docs/batching.md are those compiled here") {
  const std::string here = lines(WENGERT_SOURCE_DIR "/tests/docs/batching_page_test.cpp");
  std::ifstream page(WENGERT_SOURCE_DIR "/docs/batching.md");
  std::string line, block;
  int blocks = 0;
  bool inside = false;
  while (std::getline(page, line)) {
    if (line == "```" && inside) {
      CAPTURE(block);
      CHECK(here.find("\n" + block) != std::string::npos);
      ++blocks;
    }
    if (line.starts_with("```")) {
      inside = line == "```cpp";
      block.clear();
    } else if (inside) {
      block += line + '\n';
    }
  }
  CHECK(blocks == 3);
}
