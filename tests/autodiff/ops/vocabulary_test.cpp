// The names users look for. Each is called once, for both types, and leaves the line of the call on what it records;
// what it means is tested elsewhere.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autodiff/autodiff.hpp"

using namespace wengert;

namespace {

template <class T>
bool finite(Var<T> y) {
  const Tensor<T> values = value(y);
  for (const T v : values) {
    if (!std::isfinite(v)) return false;
  }
  return values.size() > 0;
}

/// All that was recorded, also by functions made of others, has a line of this file.
template <class T>
bool has_lines_of_here(const Tape<T>& tape) {
  for (NodeId id = 0; id < tape.size(); ++id) {
    const bool here = to_string(tape.node(id).where).starts_with("vocabulary_test.cpp:");
    CHECK_MESSAGE(here, tape.node(id).op->name, " has the line ", to_string(tape.node(id).where));
    if (!here) return false;
  }
  return true;
}

}  // namespace

TEST_CASE_TEMPLATE("every elementwise name has a value, and leaves the line of its call", T, float, double) {
  Tape<T> tape;
  const Var<T> x = tape.leaf({T(0.25), T(0.5)}), z = tape.leaf({T(0.75), T(0.125)}), above = x + 1;
  for (const Var<T> y : {abs(x),         sign(x),      floor(x),      ceil(x),
                         round(x),       trunc(x),     reciprocal(x), square(x),
                         sqrt(x),        cbrt(x),      rsqrt(x),      exp(x),
                         exp2(x),        expm1(x),     log(x),        log2(x),
                         log10(x),       log1p(x),     sin(x),        cos(x),
                         tan(x),         asin(x),      acos(x),       atan(x),
                         sinh(x),        cosh(x),      tanh(x),       asinh(x),
                         acosh(above),   atanh(x),     erf(x),        erfc(x),
                         lgamma(x),      digamma(x),   trigamma(x),   sigmoid(x),
                         log_sigmoid(x), softplus(x),  relu(x),       elu(x),
                         celu(x),        selu(x),      gelu(x),       gelu_tanh(x),
                         silu(x),        mish(x),      softsign(x),   sinc(x),
                         isnan(x),       isinf(x),     isfinite(x),   logical_not(x),
                         tanhshrink(x),  hard_tanh(x), nan_to_num(x), without_subnormals(x)}) {
    CHECK(finite(y));
  }
  for (const Var<T> y : {softplus(x, 2), leaky_relu(x, T(0.1)), leaky_relu(x, z), pow(x, z), pow(x, 2), pow(2, x),
                         atan2(x, z), hypot(x, z), minimum(x, z), maximum(x, z), fmod(x, z), remainder(x, z),
                         logaddexp(x, z), xlogy(x, z), clamp(x, 0, z), lerp(x, z, 0.5), polygamma(2, x)}) {
    CHECK(finite(y));
  }
  for (const Var<T> y :
       {less(x, z), less_equal(x, z), greater(x, z), greater_equal(x, z), equal(x, z), not_equal(x, z), x<z, x> z,
        x <= z, x >= z, logical_and(x, z), logical_or(x, z), logical_xor(x, z), where(x < z, x, z)}) {
    CHECK(finite(y));
  }
  CHECK(has_lines_of_here(tape));
}

TEST_CASE_TEMPLATE("every name of reductions, scans and shapes has a value, and leaves the line of its call", T, float,
                   double) {
  Tape<T> tape;
  const Var<T> x = tape.leaf({{T(1), T(2)}, {T(3), T(5)}});
  for (const Var<T> y : {sum(x),
                         mean(x),
                         prod(x),
                         max(x),
                         min(x),
                         var(x),
                         stddev(x),
                         norm(x),
                         norm(x, 1),
                         norm(x, 3),
                         log_sum_exp(x),
                         logsumexp(x, 0),
                         all(x),
                         any(x),
                         argmax(x),
                         argmin(x),
                         cumsum(x, 0),
                         cumprod(x, 0),
                         logcumsumexp(x, 0),
                         count_nonzero(x),
                         norm(x, std::numeric_limits<double>::infinity())}) {
    CHECK(finite(y));
  }
  for (const Var<T> y : {reshape(x, {-1, 1}),
                         transpose(x),
                         transpose(x, {1, 0}),
                         permute(x, {1, 0}),
                         swap_axes(x, 0, 1),
                         squeeze(x),
                         expand_dims(x, 0),
                         unsqueeze(x, 0),
                         moveaxis(x, 0, 1),
                         movedim(x, 0, 1),
                         broadcast_to(x, Shape{3, 2, 2}),
                         flip(x),
                         roll(x, 1, 0),
                         slice(x, 0, 0),
                         pad(x, {{1, 0}, {0, 1}}),
                         concatenate({x, x}),
                         stack({x, x}),
                         split(x, 2)[0],
                         repeat(x, 2, 0),
                         tile(x, {2}),
                         diag(x),
                         diagonal(x),
                         tril(x),
                         triu(x),
                         narrow(x, 0, 0, 1),
                         unbind(x)[0],
                         stop_gradient(x),
                         sum_to(x, Shape{2})}) {
    CHECK(finite(y));
  }
  CHECK(has_lines_of_here(tape));
}

TEST_CASE_TEMPLATE(
    "every name of indexing, products, systems, losses and random numbers has a value, and leaves the line of its call",
    T, float, double) {
  Tape<T> tape;
  const Var<T> x = tape.leaf({{T(4), T(1)}, {T(1), T(3)}}), v = tape.leaf({T(0.25), T(0.5)});
  const Index<T> index = tape.indices({1, 0}), places = tape.indices(Tensor<std::int64_t>{{1, 0}}),
                 key = tape.indices({7, 0});
  const Var<T> row = narrow(x, 0, 0, 1);
  for (const Var<T> y : {take(x, index), gather(x, places, 0), scatter_add(x, 0, places, row),
                         index_add(x, 0, index, x), masked_fill(x, x > 2, 0), one_hot(index, 2)}) {
    CHECK(finite(y));
  }
  for (const Var<T> y : {matmul(x, x), dot(v, v), outer(v, v), inner(x, v), vdot(x, x), kron(x, x), tensordot(x, x, 1),
                         multi_dot({x, x, v}), einsum("ij,j->i", {x, v}), trace(x), cholesky(x), triangular_solve(x, v),
                         solve(x, v), inverse(x), det(x), logdet(x), slogdet(x).first, slogdet(x).second}) {
    CHECK(finite(y));
  }
  const Var<T> p = softmax(x), q = softmax(v * x);
  for (const Var<T> y :
       {p, log_softmax(x), layer_norm(x), cross_entropy(x, index), cross_entropy(x, p),
        cross_entropy(p, index, {.smoothing = 0.1, .weights = v, .ignore = true, .probabilities = true}),
        binary_cross_entropy(x, p), binary_cross_entropy_of_probabilities(p, q), kl_divergence(p, q),
        kl_divergence_of_log(p, log(q)), huber(x, p), smooth_l1(x, p), poisson_loss(x, p)}) {
    CHECK(finite(y));
  }
  for (const Var<T> y :
       {uniform(key, Shape{2}), normal(key, Shape{2}), bernoulli(key, Shape{2}, 0.5), dropout(x, key, 0.5)}) {
    CHECK(finite(y));
  }
  CHECK(has_lines_of_here(tape));
}

TEST_CASE("the names of PyTorch are those of NumPy") {
  Tape<double> tape;
  const auto x = tape.leaf(Tensor<double>(Shape{1, 2, 3}, {1, 2, 3, 4, 5, 6}));
  CHECK(value(permute(x, {2, 0, 1})) == value(transpose(x, {2, 0, 1})));
  CHECK(value(movedim(x, 2, 0)) == value(moveaxis(x, 2, 0)));
  CHECK(value(unsqueeze(x, -1)) == value(expand_dims(x, -1)));
  CHECK(value(logsumexp(x, {0, 2}, true)) == value(log_sum_exp(x, {0, 2}, true)));
}
