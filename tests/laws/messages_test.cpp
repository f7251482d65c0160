// What happens on misuse: the type of the exception, its words, the user's own line, and a tape as before.
#include <doctest/doctest.h>

#include <algorithm>
#include <climits>
#include <functional>
#include <set>
#include <string>
#include <typeindex>
#include <typeinfo>

#include "autodiff/autodiff.hpp"
#include "autodiff/ops/registry.hpp"
#include "autodiff/ops/table.hpp"

using namespace wengert;

namespace {

/// Operands of many shapes, a Var that was dropped, and one of another tape.
struct Given {
  Tape<double> tape, other;
  Var<double> number = tape.leaf(1.0), v3 = tape.leaf(zeros({3})), v4 = tape.leaf(zeros({4})),
              m23 = tape.leaf(zeros({2, 3})), m42 = tape.leaf(zeros({4, 2})), none = tape.leaf(zeros({0, 3})),
              batch = tape.leaf(zeros({2, 4, 3})), batches = tape.leaf(zeros({5, 3, 2})), empty, stale, ancient,
              foreign_stale;
  Var<double> foreign = other.leaf(zeros({2, 3})), foreign3 = other.leaf(zeros({3}));
  Index<double> labels = tape.indices(Tensor<std::int64_t>{0, 1}), foreign_labels = other.indices({0, 1});
  Program<double> never;

  Given() {
    {
      const auto scope = tape.scope();
      ancient = v3 * 3.0;
    }
    for (int i = 0; i < 65; ++i) {  // one scope more than a tape remembers
      const auto scope = tape.scope();
      negate(v3);
    }
    const auto scope = tape.scope(), other_scope = other.scope();
    stale = v3 * 2.0;
    foreign_stale = foreign * 2.0;
  }
};

enum Type { shape, usage, value_range };
struct Row {
  const char* operation;
  Type type;
  const char* words;
  int line;
  std::function<void(Given&)> misuse;
};
#define CALL(expression) __LINE__, []([[maybe_unused]] Given& o) { (void)(expression); }

const Row kRows[] = {
    // Operators and elementwise functions.
    {"add", shape, "[2, 3] and [4] do not broadcast: axis -1 is 3 and 4", CALL(o.m23 + o.v4)},
    {"subtract", shape, "[4] and [2, 3] do not broadcast: axis -1 is 4 and 3", CALL(o.v4 - o.m23)},
    {"multiply", shape, "[4, 2] and [2, 3] do not broadcast", CALL(o.m42 *= o.m23)},
    {"divide", shape, "[3] and [4] do not broadcast: axis -1 is 3 and 4", CALL(o.v3 / o.v4)},
    {"less", shape, "[3] and [4] do not broadcast", CALL(o.v3 < o.v4)},
    {"less", shape, "[4] and [3] do not broadcast", CALL(o.v3 > o.v4)},
    {"less_equal", shape, "[3] and [4] do not broadcast", CALL(o.v3 <= o.v4)},
    {"equal", shape, "[3] and [4] do not broadcast", CALL(equal(o.v3, o.v4))},
    {"not_equal", shape, "[3] and [4] do not broadcast", CALL(not_equal(o.v3, o.v4))},
    {"where", shape, "[2, 3] and [4] do not broadcast", CALL(where(o.number, o.m23, o.v4))},
    {"maximum", shape, "[3] and [4] do not broadcast", CALL(maximum(o.v3, o.v4))},
    {"minimum", shape, "[3] and [4] do not broadcast", CALL(minimum(o.v3, o.v4))},
    {"pow", shape, "[3] and [4] do not broadcast", CALL(pow(o.v3, o.v4))},
    {"chain", shape, "[3] and [4] do not broadcast", CALL(chain(o.v3, o.v4))},
    {"add", usage, "an empty Var has no tape", CALL(o.empty + 1.0)},
    {"negate", usage, "this Var was dropped with its scope, which was opened at", CALL(-o.stale)},
    {"add", usage, "the operands are on two tapes: one was recorded at messages_test.cpp", CALL(o.m23 + o.foreign)},
    {"negate", usage, "this Var was dropped with its scope, which has ended", CALL(-o.ancient)},
    {"add", usage, "the operands are on two tapes: one was dropped with its scope", CALL(o.m23 + o.foreign_stale)},
    {"exp", usage, "this Var was dropped with its scope, which was opened at", CALL(exp(o.stale))},
    {"add", usage, "no operand is a Var", CALL(add<double>(1, 2))},
    {"clamp", usage, "no operand is a Var",
     CALL(record_map<double>(kernels::instruction_of<math::Clamp>(), std::vector<Located<double>>{1, 2, 3},
                             Source::here()))},
    {"leaky_relu", usage, "an empty Var has no tape", CALL(leaky_relu(o.empty))},
    {"clamp", shape, "[3] and [4] do not broadcast", CALL(clamp(o.v3, o.v4, 1))},
    {"lerp", shape, "[3] and [4] do not broadcast", CALL(lerp(o.v3, o.v4, 0.5))},
    {"fmod", shape, "[3] and [4] do not broadcast", CALL(fmod(o.v3, o.v4))},
    {"remainder", shape, "[3] and [4] do not broadcast", CALL(remainder(o.v3, o.v4))},
    {"logaddexp", shape, "[3] and [4] do not broadcast", CALL(logaddexp(o.v3, o.v4))},
    {"xlogy", shape, "[3] and [4] do not broadcast", CALL(xlogy(o.v3, o.v4))},
    {"atan2", shape, "[3] and [4] do not broadcast", CALL(atan2(o.v3, o.v4))},
    {"hypot", shape, "[3] and [4] do not broadcast", CALL(hypot(o.v3, o.v4))},
    {"polygamma", shape, "[3] and [4] do not broadcast", CALL(polygamma(o.v3, o.v4))},
    {"sinc", shape, "[3] and [4] do not broadcast", CALL(sinc(o.v3, o.v4))},
    // Losses.
    {"binary_cross_entropy", shape, "prediction and target differ in shape: [3] and [4]",
     CALL(binary_cross_entropy(o.v3, o.v4))},
    {"binary_cross_entropy_of_probabilities", shape, "differ in shape: [3] and [4]",
     CALL(binary_cross_entropy_of_probabilities(o.v3, o.v4))},
    {"kl_divergence", shape, "prediction and target differ in shape: [4] and [3]", CALL(kl_divergence(o.v3, o.v4))},
    {"kl_divergence_of_log", shape, "prediction and target differ in shape: [4] and [3]",
     CALL(kl_divergence_of_log(o.v3, o.v4))},
    {"huber", shape, "prediction and target differ in shape: [3] and [4]", CALL(huber(o.v3, o.v4))},
    {"smooth_l1", shape, "prediction and target differ in shape: [3] and [4]", CALL(smooth_l1(o.v3, o.v4))},
    {"poisson_loss", shape, "prediction and target differ in shape: [3] and [4]", CALL(poisson_loss(o.v3, o.v4))},
    {"huber", value_range, "delta is 0, it must be positive", CALL(huber(o.v3, o.v3, 0))},
    {"smooth_l1", value_range, "beta is -1, it must not be negative", CALL(smooth_l1(o.v3, o.v3, -1))},
    {"huber", usage, "this Var was dropped", CALL(huber(o.stale, o.v3))},
    {"mish", usage, "this Var was dropped", CALL(mish(o.stale))},
    {"gelu_tanh", usage, "this Var was dropped", CALL(gelu_tanh(o.stale))},
    {"celu", usage, "an empty Var has no tape", CALL(celu(o.empty))},
    {"nan_to_num", usage, "this Var was dropped", CALL(nan_to_num(o.stale))},
    // Products.
    {"matmul", shape, "inner dimensions differ (3 and 4): a is [2, 3], b is [4, 2]", CALL(matmul(o.m23, o.m42))},
    {"matmul", shape, "inner dimensions differ (3 and 4): a is [3], b is [4, 2]", CALL(matmul(o.v3, o.m42))},
    {"matmul", shape, "inner dimensions differ (3 and 4): a is [2, 3], b is [4]", CALL(matmul(o.m23, o.v4))},
    {"matmul", shape, "inner dimensions differ (3 and 4): a is [2, 4, 3], b is [4, 2]", CALL(matmul(o.batch, o.m42))},
    {"matmul", shape, "[2] and [5] do not broadcast: axis -1 is 2 and 5", CALL(matmul(o.batch, o.batches))},
    {"matmul", shape, "a and b must have one axis or more: a is [], b is [2, 3]", CALL(matmul(o.number, o.m23))},
    {"matmul", usage, "an empty Var has no tape", CALL(matmul(o.m23, o.empty))},
    {"matmul", usage, "this Var was dropped", CALL(matmul(o.m23, o.stale))},
    {"matmul", usage, "the operands are on two tapes", CALL(matmul(transpose(o.m23), o.foreign))},
    {"matmul", usage, "the operands are on two tapes", CALL(matmul(o.v3, o.foreign3))},
    {"dot", shape, "two vectors of one length are needed: a is [3], b is [4]", CALL(dot(o.v3, o.v4))},
    // Shapes.
    {"reshape", shape, "[2, 3] has 6 elements but [4] has 4", CALL(reshape(o.m23, Shape{4}))},
    {"reshape", shape, "only one dimension may be -1", CALL(reshape(o.m23, {-1, -1}))},
    {"reshape", shape, "no dimension makes 4 into the 6 elements of [2, 3]", CALL(reshape(o.m23, {4, -1}))},
    {"reshape", usage, "an empty Var has no tape", CALL(reshape(o.empty, Shape{1}))},
    {"transpose", shape, "axes [0, 0] are no permutation of the 2 axes of [2, 3]", CALL(transpose(o.m23, {0, 0}))},
    {"transpose", shape, "axes [1] are no permutation of the 2 axes of [2, 3]", CALL(permute(o.m23, {1}))},
    {"transpose", usage, "an empty Var has no tape", CALL(transpose(o.empty))},
    {"swap_axes", shape, "axis 2 is outside [-2, 2): x is [2, 3]", CALL(swap_axes(o.m23, 0, 2))},
    {"broadcast_to", shape, "[2, 3] does not broadcast to [3, 2]", CALL(broadcast_to(o.m23, Shape{3, 2}))},
    {"broadcast_to", usage, "this Var was dropped", CALL(broadcast_to(o.stale, Shape{2, 3}))},
    {"sum_to", shape, "[3, 3] does not broadcast to [2, 3]", CALL(sum_to(o.m23, Shape{3, 3}))},
    {"slice", shape, "the step must not be 0: x is [2, 3]", CALL(slice(o.m23, 0, 0, 1, 0))},
    {"slice", shape, "axis -3 is outside [-2, 2): x is [2, 3]", CALL(slice(o.m23, -3, 0))},
    {"slice", usage, "an empty Var has no tape", CALL(slice(o.empty, 0, 0))},
    {"concatenate", shape, "no parts were given", CALL(concatenate(std::span<const Var<double>>()))},
    {"concatenate", shape, "ranks 2 and 1", CALL(concatenate({o.m23, o.v3}))},
    {"concatenate", shape, "axis 1 is 3 and 2, only axis 0 may differ", CALL(concatenate({o.m23, o.m42}))},
    {"concatenate", shape, "axis 2 is outside [-2, 2): x is [2, 3]", CALL(concatenate({o.m23}, 2))},
    {"concatenate", usage, "the operands are on two tapes", CALL(concatenate({o.m23, o.foreign}))},
    {"concatenate", usage, "an empty Var has no tape", CALL(concatenate({o.m23, o.empty}))},
    {"stop_gradient", usage, "this Var was dropped", CALL(stop_gradient(o.stale))},
    // Reductions.
    {"sum", shape, "axis 2 is outside [-2, 2): x is [2, 3]", CALL(sum(o.m23, 2))},
    {"sum", shape, "axis -2 is named twice: x is [2, 3]", CALL(sum(o.m23, {0, -2}))},
    {"sum", usage, "an empty Var has no tape", CALL(sum(o.empty))},
    {"mean", shape, "axis 1 is outside [-1, 1): x is [3]", CALL(mean(o.v3, 1))},
    {"max", shape, "nothing to choose from: x is [0, 3]", CALL(max(o.none, 0))},
    {"max", shape, "axis 5 is outside [-2, 2): x is [2, 3]", CALL(max(o.m23, 5))},
    {"min", shape, "nothing to choose from: x is [0, 3]", CALL(min(o.none))},
    {"min", usage, "this Var was dropped", CALL(min(o.stale))},
    // Rows.
    {"softmax", shape, "axis 2 is outside [-2, 2): x is [2, 3]", CALL(softmax(o.m23, 2))},
    {"softmax", usage, "an empty Var has no tape", CALL(softmax(o.empty))},
    {"log_softmax", shape, "axis -3 is outside [-2, 2): x is [2, 3]", CALL(log_softmax(o.m23, -3))},
    {"log_sum_exp", shape, "axis 1 is outside [-1, 1): x is [3]", CALL(log_sum_exp(o.v3, 1))},
    {"cross_entropy", shape, "predictions are [3], labels [2]", CALL(cross_entropy(o.v3, o.labels))},
    {"cross_entropy", usage, "the operands are on two tapes", CALL(cross_entropy(o.m23, o.foreign_labels))},
    {"cross_entropy", usage, "an empty Var has no tape", CALL(cross_entropy(o.empty, o.labels))},
    {"cross_entropy", shape, "no classes: the predictions are []", CALL(cross_entropy(o.number, o.number))},
    {"cross_entropy", shape, "no classes: the predictions are [0, 0]",
     CALL(cross_entropy(reshape(o.none, Shape{0, 0}), o.labels))},
    {"cross_entropy", value_range, "smoothing 2 is outside [0, 1]",
     CALL(cross_entropy(o.m23, o.labels, {.smoothing = 2}))},
    {"one_hot", shape, "[2, -1] hold a negative number: x is [2]", CALL(one_hot(o.labels, -1))},
    {"cross_entropy", shape, "predictions and targets differ in shape: [2, 3] and [3]",
     CALL(cross_entropy(o.m23, o.v3))},
    {"cross_entropy", shape, "one weight per class is needed", CALL(cross_entropy(o.m23, o.labels, {.weights = o.v4}))},
    {"cross_entropy", usage, "the operands are on two tapes", CALL(cross_entropy(o.m23, o.foreign))},
    // Parts, and parts joined.
    {"moveaxis", shape, "axis 2 is outside [-2, 2): x is [2, 3]", CALL(moveaxis(o.m23, 0, 2))},
    {"reshape", shape, "dimensions [-2, 3] hold a negative number: x is [2, 3]", CALL(reshape(o.m23, {-2, 3}))},
    {"reshape", shape, "dimensions [1, -3] hold a negative number: x is [2, 3]", CALL(reshape(o.m23, {-1, -3}))},
    {"reshape", shape, "have more than 2^63 - 1 elements: x is [2, 3]", CALL(reshape(o.m23, {INT64_MAX, 2}))},
    {"reshape", shape, "at most 8 dimensions, not 9: x is [3]", CALL(reshape(o.v3, {1, 1, 1, 1, 1, 1, 1, 1, -1}))},
    {"repeat", shape, "-1 times: x is [3]", CALL(repeat(o.v3, -1, 0))},
    {"repeat", shape, "have more than 2^63 - 1 elements: x is [3]", CALL(repeat(o.v3, INT64_MAX, 0))},
    {"tile", shape, "-1 times: x is [3]", CALL(tile(o.v3, {-1}))},
    {"tile", shape, "have more than 2^63 - 1 elements: x is [3]", CALL(tile(o.v3, {INT64_MAX}))},
    {"pad", shape, "-1 and 0 elements cannot be put around axis 1: x is [2, 3]", CALL(pad(o.m23, {{0, 0}, {-1, 0}}))},
    {"pad", shape, "cannot be put around axis 0: x is [3]", CALL(pad(o.v3, {{INT64_MAX, INT64_MAX}}))},
    {"pad", shape, "have more than 2^63 - 1 elements: x is [2, 3]", CALL(pad(o.m23, {{0, 0}, {INT64_MAX - 3, 0}}))},
    {"concatenate", shape, "axis 0 would have more than 2^63 - 1 elements: a is [9223372036854775807], b is [3]",
     CALL(concatenate({o.tape.constant(0, Shape{INT64_MAX}), o.v3}))},
    {"diag", shape, "have more than 2^63 - 1 elements: x is [4294967296]",
     CALL(diag(o.tape.constant(0, Shape{std::int64_t{1} << 32})))},
    {"diag", shape, "the result is too large: x is [9223372036854775807]",
     CALL(diag(o.tape.constant(0, Shape{INT64_MAX}), INT_MIN))},
    {"place", shape, "3 places from 0 with step -9223372036854775808", CALL(place(o.v3, 0, 3, 0, INT64_MIN))},
    {"place", shape, "3 places from 0 with step 9223372036854775807", CALL(place(o.v3, 0, 3, 0, INT64_MAX))},
    {"stack", shape, "axis 2 is outside [-2, 2): x is [3]", CALL(stack({o.v3, o.v3}, 2))},
    {"tensordot", shape, "at most 8 dimensions, not 10: a is [1, 1, 1, 1, 1], b is [1, 1, 1, 1, 1]",
     CALL(tensordot(reshape(o.number, {1, 1, 1, 1, 1}), reshape(o.number, {1, 1, 1, 1, 1}), 0))},
    {"multi_dot", shape, "factor 0 must have two axes, it is []", CALL(multi_dot({o.number}))},
    {"layer_norm", shape, "axis 1 is outside [-1, 1): x is [3]", CALL(layer_norm(o.v3, 1))},
    {"stddev", shape, "axis 1 is outside [-1, 1): x is [3]", CALL(stddev(o.v3, 1))},
    {"logdet", shape, "square matrices are needed: x is [3]", CALL(logdet(o.v3))},
    {"slogdet", shape, "square matrices are needed: x is [2, 3]", CALL(slogdet(o.m23))},
    {"squeeze", shape, "axis 1 is 3, not 1: x is [2, 3]", CALL(squeeze(o.m23, 1))},
    {"expand_dims", shape, "axis 4 is outside [-3, 3): x is [2, 3]", CALL(expand_dims(o.m23, 4))},
    {"narrow", shape, "2 elements from 2 on are not in axis 1, which has 3", CALL(narrow(o.m23, 1, 2, 2))},
    {"flip", usage, "this Var was dropped", CALL(flip(o.stale))},
    {"diagonal", shape, "rows and columns are needed: x is [3]", CALL(diagonal(o.v3))},
    {"tril", shape, "rows and columns are needed: x is [3]", CALL(tril(o.v3))},
    {"stack", shape, "the parts differ in shape: [3] and [4]", CALL(stack({o.v3, o.v4}))},
    {"stack", usage, "the operands are on two tapes", CALL(stack({o.v3, o.foreign3}))},
    {"split", shape, "axis 0 has 3 elements, no multiple of 2 parts", CALL(split(o.v3, 2))},
    {"pad", shape, "one padding per axis is needed (given: 1, axes: 2): x is [2, 3]", CALL(pad(o.m23, {{1, 1}}))},
    {"tile", shape, "at most 8 dimensions, not 9: x is [1, 1, 1, 1, 1, 1, 1, 3]",
     CALL(tile(o.v3, std::vector<std::int64_t>(9, 1)))},
    // Scans and spread.
    {"cumsum", shape, "axis 1 is outside [-1, 1): x is [3]", CALL(cumsum(o.v3, 1))},
    {"cumprod", shape, "axis 1 is outside [-1, 1): x is [3]", CALL(cumprod(o.v3, 1))},
    {"logcumsumexp", usage, "an empty Var has no tape", CALL(logcumsumexp(o.empty, 0))},
    {"recurrence", shape, "the shapes differ: a is [3], b is [4]", CALL(recurrence(o.v3, o.v4, 0))},
    {"var", shape, "axis 1 is outside [-1, 1): x is [3]", CALL(var(o.v3, 1))},
    {"norm", usage, "this Var was dropped", CALL(norm(o.stale))},
    {"argmax", shape, "nothing to choose from: x is [0, 3]", CALL(argmax(o.none, 0))},
    // Positions.
    {"take", shape, "axis 2 is outside [-2, 2): x is [2, 3]", CALL(take(o.m23, o.labels, 2))},
    {"take", shape, "the result would have 9 axes, at most 8 are possible: x is [1, 1, 1, 1, 1]",
     CALL(take(reshape(o.number, {1, 1, 1, 1, 1}), o.tape.indices(Tensor<std::int64_t>(Shape{1, 1, 1, 1, 1}))))},
    {"scatter_add", shape, "the index must have x's shape but for axis 0: x is [2, 3], index [2]",
     CALL(scatter_add(o.m23, 0, o.labels, o.m23))},
    {"take", usage, "the operands are on two tapes", CALL(take(o.m23, o.foreign_labels))},
    {"index_add", shape, "the source must have x's shape but for axis 0", CALL(index_add(o.m23, 0, o.labels, o.v3))},
    {"gather", shape, "the index must have x's shape but for axis 0", CALL(gather(o.m23, o.labels, 0))},
    {"scatter_add", shape, "index and source must have one shape", CALL(scatter_add(o.v3, 0, o.labels, o.v4))},
    {"scatter_add", usage, "the operands are on two tapes", CALL(scatter_add(o.v3, 0, o.labels, o.foreign3))},
    // Products and systems.
    {"kron", shape, "more than 4 axes: a is [1, 1, 1, 1, 1], b is [3]",
     CALL(kron(reshape(o.number, {1, 1, 1, 1, 1}), o.v3))},
    {"tensordot", shape, "3 axes: a is [2, 3], b is [4, 2]", CALL(tensordot(o.m23, o.m42, 3))},
    {"tensordot", shape, "-1 axes: a is [2, 3], b is [4, 2]", CALL(tensordot(o.m23, o.m42, -1))},
    {"multi_dot", shape, "no factors were given", CALL(multi_dot(std::span<const Var<double>>()))},
    {"einsum", shape, "no operands were given", CALL(einsum("i", std::span<const Var<double>>()))},
    {"einsum", shape, "a product of two operands has 9 axes, \"abcdefghi\"",
     CALL(einsum("a,b,c,d,e,f,g,h,i,abcdefgh,i->", std::span<const Var<double>>([&] {
                   std::vector<Var<double>> x(9, reshape(o.number, {1}));
                   x.insert(x.end(), {reshape(o.number, {1, 1, 1, 1, 1, 1, 1, 1}), x[0]});
                   return x;
                 }())))},
    {"einsum", shape, "dimensions [9223372036854775807, 3] have more than 2^63 - 1 elements: \"i,j->ij\" of",
     CALL(einsum("i,j->ij", {o.tape.constant(0, Shape{INT64_MAX}), o.v3}))},
    {"vdot", shape, "6 and 4 elements: a is [2, 3], b is [4]", CALL(vdot(o.m23, o.v4))},
    {"outer", usage, "the operands are on two tapes", CALL(outer(o.v3, o.foreign3))},
    {"tensordot", shape, "axis 1 of a is 3 but axis 0 of b is 4", CALL(tensordot(o.m23, o.m42, 1))},
    {"tensordot", usage, "the operands are on two tapes", CALL(tensordot(o.m23, o.foreign, 2))},
    {"multi_dot", shape, "inner dimensions of factors 0 and 1 differ (3 and 4)", CALL(multi_dot({o.m23, o.m42}))},
    {"einsum", shape, "'j' is 3 and 4: \"ij,jk\" of [2, 3], [4, 2]", CALL(einsum("ij,jk", {o.m23, o.m42}))},
    {"einsum", usage, "the operands are on two tapes", CALL(einsum("ij,ij", {o.m23, o.foreign}))},
    {"cholesky", shape, "square matrices are needed: x is [2, 3]", CALL(cholesky(o.m23))},
    {"triangular_solve", shape, "square matrices are needed", CALL(triangular_solve(o.m23, o.v3))},
    {"solve", shape, "a number is no right-hand side", CALL(solve(matmul(o.m23, transpose(o.m23)), o.number))},
    {"solve", usage, "the operands are on two tapes", CALL(solve(o.m23, o.foreign))},
    {"det", usage, "an empty Var has no tape", CALL(det(o.empty))},
    // Random numbers.
    {"uniform", shape, "a key is two integers, seed and step: this is []",
     CALL(uniform(o.tape.indices(Tensor<std::int64_t>(1)), Shape{3}))},
    {"normal", usage, "an empty Var has no tape", CALL(normal(Index<double>(), Shape{3}))},
    {"dropout", usage, "this Var was dropped", CALL(dropout(o.stale, o.labels, 0.5))},
    // Derivatives.
    {"gradient", shape, "y has shape [2, 3] but a gradient needs one number: take sum(y)",
     CALL(gradient(o.m23, o.m23))},
    {"gradient", usage, "an empty Var has no tape", CALL(gradient(o.empty, o.m23))},
    {"gradient", usage, "an empty Var has no tape", CALL(gradient(o.number, o.empty))},
    {"gradient", usage, "this Var was dropped", CALL(gradient(o.number, o.stale))},
    {"gradient", usage, "the operands are on two tapes", CALL(gradient(o.number, o.foreign))},
    {"vjp", shape, "y has shape [2, 3] but its seed [3]", CALL(vjp(o.m23, o.m23, o.v3))},
    {"vjp", usage, "the operands are on two tapes", CALL(vjp(o.m23, o.m23, o.foreign))},
    {"jvp", shape, "x has shape [2, 3] but its tangent [3]", CALL(jvp(o.m23, o.m23, o.v3))},
    {"jvp", usage, "one tangent per input is needed (given: 0, inputs: 1)",
     CALL(jvp(o.v3, std::vector{o.v3}, std::vector<Var<double>>()))},
    {"jvp", usage, "an empty Var has no tape", CALL(jvp(o.v3, o.v3, o.empty))},
    {"jvp", usage, "the operands are on two tapes", CALL(jvp(o.m23, o.m23, o.foreign))},
    {"hvp", shape, "y has shape [3] but a hvp needs one number", CALL(hvp(o.v3, o.v3, o.v3))},
    {"hvp", shape, "x has shape [3] but its tangent [4]", CALL(hvp(sum(o.v3* o.v3), o.v3, o.v4))},
    {"hvp", usage, "the operands are on two tapes", CALL(hvp(o.number, o.foreign3, o.v3))},
    {"directional_derivatives", shape, "x has shape [3] but its direction [4]",
     CALL(directional_derivatives(sum(o.v3), o.v3, o.v4, 2))},
    {"directional_derivatives", usage, "the operands are on two tapes",
     CALL(directional_derivatives(sum(o.v3), o.foreign3, o.v3, 1))},
    {"jacobian", usage, "the operands are on two tapes", CALL(jacobian(o.v3, o.foreign3))},
    {"hessian", usage, "the operands are on two tapes", CALL(hessian(sum(o.v3), o.foreign3))},
    {"hvp", usage, "an empty Var has no tape", CALL(hvp(o.number, o.v3, o.empty))},
    {"hvp", usage, "the operands are on two tapes", CALL(hvp(o.number, o.foreign3, o.foreign3))},
    {"hvp", usage, "one tangent per input is needed (given: 0, inputs: 1)",
     CALL(hvp(o.number, std::vector{o.v3}, std::vector<Var<double>>()))},
    {"directional_derivatives", shape, "x has shape [3] but its direction [4]",
     CALL(directional_derivatives(o.v3, o.v3, o.v4, 0))},
    {"directional_derivatives", usage, "order -1 is negative", CALL(directional_derivatives(o.v3, o.v3, o.v3, -1))},
    {"directional_derivatives", usage, "an empty Var", CALL(directional_derivatives(o.v3, o.empty, o.v3, 0))},
    {"jacobian", shape, "at most 8 dimensions, not 10: y has shape [1, 1, 1, 1, 1], x [1, 1, 1, 1, 1]",
     CALL(jacobian(reshape(o.number, {1, 1, 1, 1, 1}), reshape(o.number, {1, 1, 1, 1, 1})))},
    {"hessian", shape, "at most 8 dimensions, not 10", CALL(hessian(o.number, reshape(o.number, {1, 1, 1, 1, 1})))},
    {"hessian", usage, "an empty Var has no tape", CALL(hessian(o.number, o.empty))},
    {"custom_vjp", usage, "the function or its rule is empty",
     CALL(custom_vjp([](auto x) { return x[0]; }, Rule<double>(), {o.v3}))},
    {"custom_vjp", usage, "the function or its rule is empty",
     CALL(custom_vjp(std::function<Var<double>(std::span<const Var<double>>)>(),
                     [](auto, auto, auto g) { return std::vector{g}; }, {o.v3}))},
    {"checkpoint", usage, "the function is empty",
     CALL(checkpoint(std::function<Var<double>(std::span<const Var<double>>)>(), std::vector{o.v3}))},
    {"checkpoint_sequential", usage, "layer 0 is empty",
     CALL(checkpoint_sequential(std::vector<std::function<Var<double>(Var<double>)>>(1), o.v3))},
    {"gradcheck", usage, "the function is empty",
     CALL(gradcheck(std::function<Var<double>(const std::vector<Var<double>>&)>(), std::vector{zeros({3})}))},
    {"jacobian", usage, "an empty Var has no tape", CALL(jacobian(o.v3, o.empty))},
    {"hessian", shape, "y has shape [3] but a hessian needs one number", CALL(hessian(o.v3, o.v3))},
    {"pullback", usage, "one seed per output is needed (given: 1, outputs: 2)",
     CALL(pullback<double>(std::vector{o.v3, o.v4}, std::vector{o.v3}, std::vector{o.v3}))},
    // Values, leaves, programs.
    {"print", usage, "an empty Var has no tape", CALL(print(o.empty))},
    {"print", usage, "this Var was dropped with its scope, which was opened at", CALL(print(o.stale))},
    {"value", usage, "an empty Var has no tape", CALL(value(o.empty))},
    {"value", usage, "this Var was dropped with its scope, which was opened at", CALL(value(o.stale))},
    {"shape", usage, "this Var was dropped", CALL(o.stale.shape())},
    {"set", shape, "the leaf has shape [3] but the tensor [4]", CALL(o.tape.set(o.v3, zeros({4})))},
    {"set", shape, "a leaf of shape [3] needs 3 values, 1 was given", CALL(o.tape.set(o.v3, 1.0))},
    {"set", shape, "the index has shape [2] but the tensor [3]", CALL(o.tape.set(o.labels, {0, 1, 2}))},
    {"set", usage, "only a leaf can be set, and this is the result of add", CALL(o.tape.set(o.v3 + 1, zeros({3})))},
    {"set", usage, "the operands are on two tapes", CALL(o.tape.set(o.foreign, zeros({2, 3})))},
    {"compile", usage, "an empty Var has no tape", CALL(compile(o.empty))},
    {"compile", usage, "there is nothing to compute", CALL(compile(std::vector<Var<double>>()))},
    {"compile", usage, "this Var was dropped", CALL(compile({o.v3, o.stale}))},
    {"assign", usage, "only a leaf can be assigned", CALL(compile<double>({}, {assign(o.v3 * 2, o.v3)}))},
    {"assign", usage, "is assigned twice", CALL(compile<double>({}, {assign(o.v3, o.v3), assign(o.v3, o.v3)}))},
    {"assign", shape, "the leaf has shape [3] but its value [4]", CALL(compile<double>({}, {assign(o.v3, o.v4)}))},
    {"run", usage, "an empty Program was never compiled", CALL(o.never.run())},
    {"output", usage, "the program was not run yet", CALL(compile(o.v3).output())},
    {"value", usage, "the program was not run yet", CALL(compile(o.v3).value())},
    {"set_threads", usage, "the number of threads is -1, it must be 0 (all cores) or more", CALL(set_threads(-1))},
    {"output", usage, "output 1 of a program that has 1", CALL(compile(o.v3).output(1))},
};

}  // namespace

TEST_CASE("misuse throws its type and words, names the line of the call, and leaves the tape as before") {
  Given o;
  for (const Row& row : kRows) {
    const std::string operation = row.operation, words = row.words;
    CAPTURE(operation);
    CAPTURE(words);
    const NodeId size = o.tape.size(), other_size = o.other.size();
    std::string text;
    bool right_type = false;
    {
      const auto scope = o.tape.scope();  // for what an argument of the call records
      try {
        row.misuse(o);
      } catch (const Error& error) {
        text = error.what();
        const std::type_index types[] = {typeid(ShapeError), typeid(UsageError), typeid(ValueError)};
        right_type = types[row.type] == typeid(error);
      }
    }
    CAPTURE(text);
    CHECK(right_type);
    CHECK(text.starts_with(operation + ": "));
    CHECK(text.find(words) != std::string::npos);
    CHECK(text.ends_with("   at messages_test.cpp:" + std::to_string(row.line)));
    CHECK(o.tape.size() == size);
    CHECK(o.other.size() == other_size);
  }
}

TEST_CASE("a call that throws leaves nothing of itself on the tape") {
  Given o;
  const NodeId size = o.tape.size();
  const auto y = sum(o.v3 * o.v3), row = reshape(o.m23, Shape{1, 2, 3});
  const NodeId recorded = o.tape.size();
  CHECK(recorded > size);
  CHECK_THROWS_AS(matmul(o.v3, o.foreign3), UsageError);
  CHECK_THROWS_AS(matmul(o.v3, o.m42), ShapeError);
  CHECK_THROWS_AS(cross_entropy(row, Index<double>(&o.other, o.foreign_labels.node().id(), 0)), ShapeError);
  CHECK_THROWS_AS(gradient(y, {o.v3, o.foreign}), UsageError);
  CHECK_THROWS_AS(hvp(y, o.v3, o.v4), ShapeError);
  CHECK_THROWS_AS(jvp(y, o.v3, o.foreign3), UsageError);
  CHECK_THROWS_AS(jacobian(o.v3, o.foreign3), UsageError);
  CHECK(o.tape.size() == recorded);
  CHECK(value(gradient(y, o.v3)) == zeros({3}));
}

TEST_CASE("every operation refuses an empty Var, a dropped one and one of another tape, in its own name") {
  for (const Entry<double>& entry : registry<double>()) {
    const Sample& sample = entry.samples.front();
    const std::string name(entry.table->name);
    CAPTURE(name);
    Tape<double> tape, other;
    std::vector<Var<double>> good;
    for (const Shape& shape : sample.inputs) good.push_back(tape.leaf(Tensor<double>(shape)));
    Var<double> stale;
    {
      const auto scope = tape.scope();
      stale = tape.leaf(Tensor<double>(sample.inputs[0]));
    }
    const auto text = [&](std::size_t input, Var<double> bad) -> std::string {
      std::vector<Var<double>> x = good;
      x[input] = bad;
      try {
        record<double>(*entry.table, sample.attributes.data(), x, sample.shape, Source::here());
      } catch (const UsageError& error) {
        return error.what();
      }
      return "";
    };
    const NodeId size = tape.size();
    for (std::size_t i = 0; i < good.size(); ++i) {
      CAPTURE(i);
      CHECK(text(i, Var<double>()).starts_with(name + ": an empty Var has no tape   at messages_test.cpp"));
      CHECK(text(i, stale).starts_with(name +
                                       ": this Var was dropped with its scope, which was opened at messages_test.cpp"));
      if (i == 0) continue;
      const auto foreign = other.leaf(Tensor<double>(sample.inputs[i]));
      CHECK(text(i, foreign).starts_with(name + ": the operands are on two tapes: one was recorded at messages_test"));
    }
    CHECK(tape.size() == size);
  }
}

TEST_CASE("an operation recorded by its table, as rules record it, checks its operands too") {
  Given o;
  const auto recorded = [](const char* name, const std::vector<Var<double>>& x) {
    const auto all = registry<double>();
    const auto entry = std::ranges::find_if(all, [&](const auto& e) { return e.table->name == name; });
    record<double>(*entry->table, entry->samples[0].attributes.data(), x, Source::here());
  };
  CHECK_THROWS_WITH_AS(recorded("matmul", {o.v3, o.m42}),
                       doctest::Contains("matmul: both operands need rows and columns: a is [3], b is [4, 2]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(recorded("solve", {matmul(o.m23, transpose(o.m23)), o.batches}),
                       doctest::Contains("solve: the batches differ: a is [2, 2], b is [5, 3, 2]"), ShapeError);
}

TEST_CASE("every operation of two or more inputs, and every one with axes, has a row of misuse") {
  std::set<std::string> named;
  for (const Row& row : kRows) named.insert(row.operation);
  const std::set<std::string> unary_or_internal = {
      "place", "triangle", "cross_entropy_slope", "softmax_pullback", "log_softmax_pullback", "elu", "copy"};
  for (const Entry<double>& entry : registry<double>()) {
    const std::string name(entry.table->name);
    if (entry.table->kind == Kind::map && entry.table->inputs == 1) continue;
    if (unary_or_internal.contains(name)) continue;
    CHECK_MESSAGE(named.contains(name), name, " has no row of misuse");
  }
}
