// Values, gradients and second derivatives as PyTorch 1.13.1 has them. Tolerance 1e-12, norm-wise.
#include <doctest/doctest.h>

#include <string_view>

#include "tests/oracles/torch_linear_algebra.hpp"
#include "tests/oracles/torch_losses.hpp"
#include "tests/oracles/torch_shapes.hpp"

using namespace wengert;
using namespace wengert::test;
using namespace wengert::test::torch;

namespace {

V mean_beside(V x, const Axes& axes, double, bool keepdims, Source where) { return mean(x, axes, keepdims, where); }

const Translations& elementwise_and_reductions() {
  static const Translations table = {
      // elementwise
      {"acos", one<acos>},
      {"acosh", one<acosh>},
      {"asinh", one<asinh>},
      {"atan", one<atan>},
      {"ceil", one<ceil>},
      {"cos", one<cos>},
      {"cosh", one<cosh>},
      {"exp", one<exp>},
      {"exp2", one<exp2>},
      {"floor", one<floor>},
      {"erfc", one<erfc>},
      {"log", one<log>},
      {"log10", one<log10>},
      {"log1p", one<log1p>},
      {"log2", one<log2>},
      {"neg", one<negate>},
      {"reciprocal", one<reciprocal>},
      {"rsqrt", one<rsqrt>},
      {"sigmoid", one<sigmoid>},
      {"sign", one<sign>},
      {"sin", one<sin>},
      {"sinc", one<sinc>},
      {"sqrt", one<sqrt>},
      {"square", one<square>},
      {"tanh", one<tanh>},
      {"trunc", one<trunc>},
      {"nan_to_num", [](Call& c) { return Vs{nan_to_num(c.x())}; }},
      {"atan2", BINARY(atan2)},
      {"hypot", BINARY(hypot)},
      {"logaddexp", BINARY(logaddexp)},
      {"maximum", BINARY(maximum)},
      {"minimum", BINARY(minimum)},
      {"pow", BINARY(pow)},
      {"xlogy", BINARY(xlogy)},
      {"mul", [](Call& c) { return Vs{c.x() * c.operand(0)}; }},
      {"add", [](Call& c) { return Vs{c.x() + times(c.number("alpha", 1), c.operand(0))}; }},
      {"sub", [](Call& c) { return Vs{c.x() - times(c.number("alpha", 1), c.operand(0))}; }},
      {"rsub", [](Call& c) { return Vs{c.operand(0) - times(c.number("alpha", 1), c.x())}; }},
      {"div",
       [](Call& c) {
         const V y = c.x() / c.operand(0);
         const std::string how = c.has("rounding_mode") ? c.at("rounding_mode").get<std::string>() : "";
         return Vs{how == "floor" ? floor(y) : how == "trunc" ? trunc(y) : y};
       }},
      {"clamp",
       [](Call& c) {
         const auto bound = [&](std::size_t i, double otherwise) {
           return i < c.args() && c.is_tensor(i) ? c.operand(i) : c.tape().constant(otherwise);
         };
         const double inf = std::numeric_limits<double>::infinity();
         return Vs{clamp(c.x(), bound(0, -inf), bound(1, inf))};
       }},
      {"lerp",
       [](Call& c) {
         return Vs{c.is_tensor(1) ? lerp(c.x(), c.operand(0), c.operand(1))
                                  : lerp(c.x(), c.operand(0), number_of(c.arg(1)))};
       }},
      {"where", [](Call& c) { return Vs{where(c.operand(0), c.x(), c.operand(1))}; }},
      {"masked_fill",
       [](Call& c) {
         return Vs{c.is_tensor(1) ? where(c.operand(0), c.operand(1), c.x())
                                  : where(c.operand(0), number_of(c.arg(1)), c.x())};
       }},
      // activations
      {"nn.functional.relu", one<relu>},
      {"nn.functional.silu", one<silu>},
      {"nn.functional.softsign", one<softsign>},
      {"nn.functional.logsigmoid", one<log_sigmoid>},
      {"nn.functional.tanhshrink", one<tanhshrink>},
      {"nn.functional.selu", one<selu>},
      {"nn.functional.leaky_relu", [](Call& c) { return Vs{leaky_relu(c.x(), c.number("negative_slope", 0.01))}; }},
      {"nn.functional.elu", [](Call& c) { return Vs{elu(c.x(), c.number("alpha", 1))}; }},
      {"nn.functional.celu", [](Call& c) { return Vs{celu(c.x(), c.number("alpha", 1))}; }},
      {"nn.functional.gelu",
       [](Call& c) {
         return Vs{c.has("approximate") && c.at("approximate") == "tanh" ? gelu_tanh(c.x()) : gelu(c.x())};
       }},
      {"nn.functional.hardtanh",
       [](Call& c) { return Vs{hard_tanh(c.x(), c.number("min_val", -1), c.number("max_val", 1))}; }},
      {"nn.functional.softplus",
       [](Call& c) {
         if (c.number("threshold", 20) < 20)
           throw Skip{"softplus is cut to x above a threshold that changes its value"};
         return Vs{softplus(c.x(), c.number("beta", 1))};
       }},
      // reductions and rows
      {"sum", [](Call& c) { return Vs{reduced(c, sum)}; }},
      {"mean", [](Call& c) { return Vs{reduced(c, mean)}; }},
      {"amax", [](Call& c) { return Vs{reduced(c, max)}; }},
      {"amin", [](Call& c) { return Vs{reduced(c, min)}; }},
      {"max", [](Call& c) { return c.variant() == "binary" ? Vs{maximum(c.x(), c.operand(0))} : Vs{reduced(c, max)}; }},
      {"min", [](Call& c) { return c.variant() == "binary" ? Vs{minimum(c.x(), c.operand(0))} : Vs{reduced(c, min)}; }},
      {"var", [](Call& c) { return Vs{spread(c, var<double>)}; }},
      {"std", [](Call& c) { return Vs{spread(c, stddev<double>)}; }},
      {"var_mean",
       [](Call& c) {
         return Vs{spread(c, var<double>), spread(c, mean_beside)};
       }},
      {"std_mean",
       [](Call& c) {
         return Vs{spread(c, stddev<double>), spread(c, mean_beside)};
       }},
      {"prod", [](Call& c) { return Vs{reduced(c, prod)}; }},
      {"cumsum", [](Call& c) { return Vs{along_axis(c, cumsum)}; }},
      {"cumprod", [](Call& c) { return Vs{along_axis(c, cumprod)}; }},
      {"softmax", [](Call& c) { return Vs{along_axis(c, softmax)}; }},
      {"log_softmax", [](Call& c) { return Vs{along_axis(c, log_softmax)}; }},
      {"logsumexp",
       [](Call& c) {
         if (c.x().shape().rank() == 0) return Vs{log_sum_exp(c.x(), Axes::all())};
         return Vs{log_sum_exp(c.x(), axes_of(c.arg(0)), c.arg(1).get<bool>())};
       }},
  };
  return table;
}

/// All of them; what is out of scope says why.
const Translations& translations() {
  static const Translations all = [] {
    Translations out = elementwise_and_reductions();
    for (const Translations* family : {&linear_algebra(), &shapes_and_indexing(), &losses()}) {
      out.insert(family->begin(), family->end());
    }
    return out;
  }();
  return all;
}

// ---- comparing

/// Derivatives that PyTorch has wrong or only rounding of, and how near the truth ours must be all the same, relative
/// to the cotangent. (log-sum-exp: at 80 digits the truth is 2.001e-14, ours 1.998e-14, PyTorch's 3.064e-14, of terms
/// near 1.)
struct Known {
  std::string_view op, what, reason;
  bool is_zero;  ///< the truth is 0; else PyTorch's answer is near it
  double within;
};
constexpr Known kKnown[] = {
    {"nn.functional.binary_cross_entropy", "second derivative", "PyTorch adds 1e-12 to its denominators", false, 1e-9},
    {"nn.functional.l1_loss", "second derivative", "PyTorch's second derivative of |x| is not 0, ours is", true, 0},
    {"norm", "second derivative", "PyTorch's second derivative of |x| is not 0, ours is", true, 0},
    {"linalg.norm", "second derivative", "PyTorch's second derivative of |x| is not 0, ours is", true, 0},
    {"linalg.vector_norm", "second derivative", "PyTorch's second derivative of |x| is not 0, ours is", true, 1e-13},
    {"logsumexp", "second derivative", "PyTorch forms e^(x - y) with y beyond 1000 rounded", false, 1e-13},
    {"nn.functional.nll_loss", "second derivative", "it is 0; we come to rounding of it, by e^x and back", true, 1e-12},
    {"nn.functional.normalize", "gradient", "it is 0, and both come to rounding of it", true, 1e-14},
};

/// Whether a difference is in the list and ours near the truth: then the row is skipped with the reason.
bool is_known(const Call& c, std::string_view what, const Tensor<double>& ours, const Tensor<double>& theirs,
              double scale) {
  if (c.variant() == "subgradients_at_zero" && what == "second derivative")
    throw Skip{"second derivative only: of a norm at 0, where there is none"};
  for (const Known& known : kKnown) {
    if (known.op != c.name() || known.what != what) continue;
    const Tensor<double> truth = known.is_zero ? Tensor<double>(ours.shape()) : theirs;
    if (agrees(ours, truth, known.within, scale)) throw Skip{std::string(what) + " only: " + std::string(known.reason)};
  }
  return false;
}

double largest(const Json& tensors) {
  double size = 0;
  for (const Json& t : tensors) {
    for (const Json& x : t.at("data")) size = std::max(size, std::abs(number_of(x)));
  }
  return size;
}

/// What first differs between the row and us, or nothing.
std::string difference(Call& c, const Json& row, const Translation& translate) {
  constexpr double tolerance = 1e-12;
  const Vs y = translate(c);
  if (y.size() != row.at("out").size()) return "number of results";
  V total = c.tape().constant(0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!agrees(value(y[i]), tensor_of<double>(row.at("out")[i]), tolerance)) return "value";
  }
  if (row.at("cotangent").is_null() || row.at("grad").is_null()) return "";
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (row.at("cotangent")[i].is_null()) continue;
    total = total + sum(y[i] * c.tape().leaf(tensor_of<double>(row.at("cotangent")[i])));
  }
  const Vs g = gradient(total, c.leaves());
  const double scale = largest(row.at("cotangent"));
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (row.at("grad")[i].is_null()) continue;
    const Tensor<double> ours = value(g[i]), theirs = tensor_of<double>(row.at("grad")[i]);
    if (!agrees(ours, theirs, tolerance, scale * 1e-3) && !is_known(c, "gradient", ours, theirs, scale))
      return "gradient";
  }
  if (!row.contains("second_of")) return "";
  V weighted = c.tape().constant(0);
  for (std::size_t k = 0; k < row.at("second_of").size(); ++k) {
    const V w = c.tape().leaf(tensor_of<double>(row.at("second_weights")[k]));
    weighted = weighted + sum(g[row.at("second_of")[k].get<std::size_t>()] * w);
  }
  const Vs h = gradient(weighted, c.leaves());
  for (std::size_t i = 0; i < h.size(); ++i) {
    if (row.at("second")[i].is_null()) continue;
    const Tensor<double> ours = value(h[i]), theirs = tensor_of<double>(row.at("second")[i]);
    if (!agrees(ours, theirs, tolerance, scale * 1e-3) && !is_known(c, "second derivative", ours, theirs, scale))
      return "second derivative";
  }
  return "";
}

}  // namespace

TEST_CASE("values, gradients and second derivatives agree with PyTorch") {
  const Tally tally = judge(
      WENGERT_TEST_DATA_DIR "/oracles/torch-ops.jsonl.gz", translations(),
      [](const Json& row, const auto& translation) {
        Call call(row);
        return difference(call, row, translation);
      },
      [](const Json& row) { return row.at("op").get<std::string>() + " " + row.at("variant").get<std::string>(); });
  for (const std::string& wrong : tally.wrong) FAIL_CHECK(wrong);
  MESSAGE(tally.summary());
  CHECK(tally.agreed >= 884);
  CHECK(tally.lacking.empty());
}
