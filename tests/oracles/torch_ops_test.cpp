// Values, gradients and second derivatives as PyTorch 1.13.1 has them. Tolerance 1e-12, norm-wise.
#include <doctest/doctest.h>

#include <functional>
#include <string_view>

#include "tests/oracles/oracle.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

using V = Var<double>;
using Vs = std::vector<V>;

/// One row, its tensors as leaves.
class Call {
 public:
  explicit Call(const Json& row) : row_(row) {
    enter(row.at("input"));
    enter(row.at("args"));
    enter(row.at("kwargs"));
  }

  Tape<double>& tape() { return tape_; }
  std::string name() const { return row_.at("op"); }
  std::string variant() const { return row_.at("variant"); }
  /// The differentiable inputs, in order.
  const Vs& leaves() const { return leaves_; }
  V x() const { return var(row_.at("input")); }
  Vs list() const {
    Vs out;
    for (const Json& part : row_.at("input")) out.push_back(var(part));
    return out;
  }
  std::size_t args() const { return row_.at("args").size(); }
  const Json& arg(std::size_t i) const { return row_.at("args").at(i); }
  V operand(std::size_t i) const { return var(arg(i)); }
  bool is_tensor(std::size_t i) const { return arg(i).is_object(); }
  bool has(const char* key) const { return row_.at("kwargs").contains(key) && !row_.at("kwargs").at(key).is_null(); }
  const Json& at(const char* key) const { return row_.at("kwargs").at(key); }
  double number(const char* key, double otherwise) const { return has(key) ? number_of(at(key)) : otherwise; }
  bool flag(const char* key) const { return has(key) && at(key).get<bool>(); }
  /// The argument at this position or of this name; null if it is not given.
  Json given(std::size_t i, const char* key) const { return has(key) ? at(key) : i < args() ? arg(i) : Json(); }
  Index<double> index(std::size_t i) {
    const Json& t = arg(i).at("tensor");
    if (t.at("dtype") != "int64") throw Skip{"targets that are probabilities"};
    return tape_.indices(tensor_of<std::int64_t>(t));
  }
  Reduction reduction() const {
    const std::string how = has("reduction") ? at("reduction").get<std::string>() : "mean";
    if (how == "batchmean") throw Skip{"the sum divided by the batch, which is the caller's"};
    return how == "sum" ? Reduction::sum : how == "none" ? Reduction::none : Reduction::mean;
  }

 private:
  V var(const Json& j) const {
    const auto found = vars_.find(&j);
    if (found == vars_.end()) throw Skip{"an argument that is no tensor of numbers"};
    return found->second;
  }
  void enter(const Json& j) {
    if (j.is_array()) {
      for (const Json& part : j) enter(part);
    } else if (j.is_object() && j.contains("tensor")) {
      if (j.at("tensor").at("dtype") == "int64") return;
      const V leaf = tape_.leaf(tensor_of<double>(j.at("tensor")));
      vars_.emplace(&j, leaf);
      if (j.contains("grad") && j.at("grad").get<bool>()) leaves_.push_back(leaf);
    } else if (j.is_object()) {
      for (const auto& [key, part] : j.items()) enter(part);
    }
  }

  const Json& row_;
  Tape<double> tape_;
  std::map<const Json*, V> vars_;
  Vs leaves_;
};

// ---- translating arguments

Axes axes_of(const Json& dims) {
  if (dims.is_null() || (dims.is_array() && dims.empty())) return Axes::all();
  if (dims.is_array()) return Axes(dims.get<std::vector<int>>());
  return Axes(dims.get<int>());
}
/// PyTorch lets one number have an axis 0.
V reduced(const Call& c, V (*f)(V, const Axes&, bool, Source)) {
  const Json dims = c.given(0, "dim"), keep = c.given(1, "keepdim");
  const bool keepdims = keep.is_boolean() && keep.get<bool>();
  const V x = c.x();
  return x.shape().rank() == 0 ? f(x, Axes::all(), false, Source::here())
                               : f(x, axes_of(dims), keepdims, Source::here());
}
int axis_of(const Json& dim, int rank) {
  const int axis = dim.get<int>();
  return axis < 0 ? axis + std::max(rank, 1) : axis;
}
std::vector<std::int64_t> dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }
V at_row(V x, int axis, std::int64_t i) {
  auto dims = dims_of(x.shape());
  dims.erase(dims.begin() + axis);
  return reshape(slice(x, axis, i, i == -1 ? kEnd : i + 1), Shape(dims));
}
Vs parts(V x, int axis, const std::vector<std::int64_t>& sizes) {
  Vs out;
  std::int64_t start = 0;
  for (const std::int64_t n : sizes) {
    out.push_back(slice(x, axis, start, start + n));
    start += n;
  }
  return out;
}
Vs parts(V x, int axis, std::int64_t each) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t left = x.shape()[axis]; left > 0; left -= each) sizes.push_back(std::min(each, left));
  return parts(x, axis, sizes);
}
V view(const Call& c) {
  auto dims = c.arg(0).get<std::vector<std::int64_t>>();
  const auto open = std::find(dims.begin(), dims.end(), -1);
  if (open != dims.end()) {
    *open = 1;
    *open = c.x().shape().size() / Shape(dims).size();
  }
  return reshape(c.x(), Shape(dims));
}
V expanded(const Call& c) {
  auto to = c.arg(0).get<std::vector<std::int64_t>>();
  const auto from = dims_of(c.x().shape());
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == -1) to[i] = from.at(i + from.size() - to.size());
  }
  return broadcast_to(c.x(), Shape(to));
}
V permuted(V x, const std::vector<int>& axes) {
  std::vector<int> order;
  for (const int a : axes) order.push_back(a < 0 ? a + x.shape().rank() : a);
  return transpose(x, order);
}
V along_axis(const Call& c, V (*f)(V, int, Source)) {
  return f(c.x(), c.x().shape().rank() == 0 ? 0 : c.given(0, "dim").get<int>(), Source::here());
}
V times(double factor, V x) { return factor == 1 ? x : factor * x; }
V variance(const Call& c) {
  const V x = c.x();
  const bool flagged = c.args() > 0 && c.arg(0).is_boolean();  // var(unbiased)
  const Axes axes = axes_of(flagged ? Json() : c.given(0, "dim"));
  const V m = mean(x, axes, true);
  const double n = static_cast<double>(x.shape().size()) / static_cast<double>(m.shape().size());
  const bool biased = (flagged && !c.arg(0).get<bool>()) || (c.has("unbiased") && !c.flag("unbiased"));
  return sum(square(x - m), axes, c.flag("keepdim")) / (n - (biased ? 0 : c.number("correction", 1)));
}
V linear(V x, V w) { return matmul(x, transpose(w)); }

template <V (*f)(V, Source)>
Vs one(Call& c) {
  return {f(c.x(), Source::here())};
}
template <auto f>
Vs two(Call& c) {
  return {f(c.x(), c.operand(0))};
}
#define BINARY(name) [](Call& c) { return Vs{name(c.x(), c.operand(0))}; }

using Translation = std::function<Vs(Call&)>;

const std::map<std::string, Translation>& translations() {
  static const std::map<std::string, Translation> table = {
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
      // losses
      {"nn.functional.binary_cross_entropy_with_logits",
       [](Call& c) {
         if (c.args() > 1 || c.has("weight") || c.has("pos_weight"))
           throw Skip{"weights of a loss, which are the caller's"};
         return Vs{binary_cross_entropy(c.x(), c.operand(0), c.reduction())};
       }},
      {"nn.functional.binary_cross_entropy",
       [](Call& c) {
         if (c.has("weight")) throw Skip{"weights of a loss, which are the caller's"};
         return Vs{binary_cross_entropy_of_probabilities(c.x(), c.operand(0), c.reduction())};
       }},
      {"nn.functional.kl_div",
       [](Call& c) {
         return Vs{kl_divergence_of_log(c.flag("log_target") ? exp(c.operand(0)) : c.operand(0), c.x(), c.reduction())};
       }},
      {"nn.functional.huber_loss",
       [](Call& c) { return Vs{huber(c.x(), c.operand(0), c.number("delta", 1), c.reduction())}; }},
      {"nn.functional.smooth_l1_loss",
       [](Call& c) { return Vs{smooth_l1(c.x(), c.operand(0), c.number("beta", 1), c.reduction())}; }},
      {"nn.functional.l1_loss", [](Call& c) { return Vs{smooth_l1(c.x(), c.operand(0), 0, c.reduction())}; }},
      {"nn.functional.mse_loss",
       [](Call& c) {
         const V each = square(c.x() - c.operand(0));
         const Reduction how = c.reduction();
         return Vs{how == Reduction::none ? each : how == Reduction::sum ? sum(each) : mean(each)};
       }},
      {"nn.functional.cross_entropy",
       [](Call& c) {
         if (c.has("weight") || c.has("ignore_index") || c.has("label_smoothing"))
           throw Skip{"weights of a loss, which are the caller's"};
         const Index<double> labels = c.index(0);
         if (c.x().shape().rank() != 2) throw Skip{"classes along an axis that is not the last"};
         return Vs{cross_entropy(c.x(), labels, c.reduction())};
       }},
      // reductions and rows
      {"sum", [](Call& c) { return Vs{reduced(c, sum)}; }},
      {"mean", [](Call& c) { return Vs{reduced(c, mean)}; }},
      {"amax", [](Call& c) { return Vs{reduced(c, max)}; }},
      {"amin", [](Call& c) { return Vs{reduced(c, min)}; }},
      {"max", [](Call& c) { return c.variant() == "binary" ? Vs{maximum(c.x(), c.operand(0))} : Vs{reduced(c, max)}; }},
      {"min", [](Call& c) { return c.variant() == "binary" ? Vs{minimum(c.x(), c.operand(0))} : Vs{reduced(c, min)}; }},
      {"var", [](Call& c) { return Vs{variance(c)}; }},
      {"std", [](Call& c) { return Vs{sqrt(variance(c))}; }},
      {"softmax", [](Call& c) { return Vs{along_axis(c, softmax)}; }},
      {"log_softmax", [](Call& c) { return Vs{along_axis(c, log_softmax)}; }},
      {"logsumexp",
       [](Call& c) {
         const Json& dims = c.arg(0);
         if (dims.size() != 1) throw Skip{"log-sum-exp over several axes"};
         if (c.x().shape().rank() == 0) return Vs{log_sum_exp(c.x())};
         return Vs{log_sum_exp(c.x(), dims[0].get<int>(), c.arg(1).get<bool>())};
       }},
      // products
      {"matmul", BINARY(matmul)},
      {"mm", BINARY(matmul)},
      {"bmm", BINARY(matmul)},
      {"mv", BINARY(matmul)},
      {"dot", BINARY(dot)},
      {"outer",
       [](Call& c) {
         return Vs{reshape(c.x(), {-1, 1}) * c.operand(0)};
       }},
      {"addmm",
       [](Call& c) {
         return Vs{times(c.number("beta", 1), c.x()) + times(c.number("alpha", 1), matmul(c.operand(0), c.operand(1)))};
       }},
      {"baddbmm",
       [](Call& c) {
         return Vs{times(c.number("beta", 1), c.x()) + times(c.number("alpha", 1), matmul(c.operand(0), c.operand(1)))};
       }},
      {"nn.functional.linear",
       [](Call& c) {
         const V y = linear(c.x(), c.operand(0));
         return Vs{c.args() > 1 && c.is_tensor(1) ? y + c.operand(1) : y};
       }},
      {"linalg.multi_dot",
       [](Call& c) {
         const Vs x = c.list();
         V y = x[0];
         for (std::size_t i = 1; i < x.size(); ++i) y = matmul(y, x[i]);
         return Vs{y};
       }},
      // shapes
      {"reshape", [](Call& c) { return Vs{view(c)}; }},
      {"view", [](Call& c) { return Vs{view(c)}; }},
      {"broadcast_to", [](Call& c) { return Vs{expanded(c)}; }},
      {"expand", [](Call& c) { return Vs{expanded(c)}; }},
      {"t", [](Call& c) { return Vs{transpose(c.x())}; }},
      {"transpose",
       [](Call& c) {
         if (c.x().shape().rank() == 0) throw Skip{"axes of one number"};
         return Vs{swap_axes(c.x(), c.arg(0).get<int>(), c.arg(1).get<int>())};
       }},
      {"permute", [](Call& c) { return Vs{permuted(c.x(), c.arg(0).get<std::vector<int>>())}; }},
      {"movedim",
       [](Call& c) {
         const auto from = c.arg(0).get<std::vector<int>>(), to = c.arg(1).get<std::vector<int>>();
         const int rank = c.x().shape().rank();
         std::vector<int> order(static_cast<std::size_t>(rank));
         for (std::size_t i = 0; i < from.size(); ++i) order[static_cast<std::size_t>((to[i] + rank) % rank)] = from[i];
         return Vs{permuted(c.x(), order)};
       }},
      {"unsqueeze",
       [](Call& c) {
         auto dims = dims_of(c.x().shape());
         const int axis = c.arg(0).get<int>();
         dims.insert(dims.begin() + (axis < 0 ? axis + static_cast<int>(dims.size()) + 1 : axis), 1);
         return Vs{reshape(c.x(), Shape(dims))};
       }},
      {"squeeze",
       [](Call& c) {
         std::vector<std::int64_t> dims;
         const int rank = c.x().shape().rank(), only = c.args() > 0 ? axis_of(c.arg(0), rank) : -1;
         for (int i = 0; i < rank; ++i) {
           if (c.x().shape()[i] != 1 || (only != -1 && i != only)) dims.push_back(c.x().shape()[i]);
         }
         return Vs{reshape(c.x(), Shape(dims))};
       }},
      {"flatten",
       [](Call& c) {
         if (c.args() > 0 || c.has("start_dim") || c.has("end_dim")) throw Skip{"flattening some of the axes"};
         return Vs{reshape(c.x(), {-1})};
       }},
      {"narrow",
       [](Call& c) {
         if (c.is_tensor(1)) throw Skip{"a position that is a tensor"};
         const int axis = axis_of(c.arg(0), c.x().shape().rank());
         std::int64_t start = c.arg(1);
         if (start < 0) start += c.x().shape()[axis];
         return Vs{slice(c.x(), axis, start, start + c.arg(2).get<std::int64_t>())};
       }},
      {"select",
       [](Call& c) {
         return Vs{at_row(c.x(), axis_of(c.arg(0), c.x().shape().rank()), c.arg(1).get<std::int64_t>())};
       }},
      {"slice", [](Call& c) { return Vs{slice(c.x(), c.arg(0).get<int>(), 0)}; }},
      {"flip",
       [](Call& c) {
         V y = c.x();
         for (const Json& axis : c.given(0, "dims")) y = slice(y, axis.get<int>(), kEnd, kEnd, -1);
         return Vs{y};
       }},
      {"split",
       [](Call& c) {
         const int axis = c.args() > 1 ? axis_of(c.arg(1), c.x().shape().rank()) : 0;
         if (c.arg(0).is_array()) return parts(c.x(), axis, c.arg(0).get<std::vector<std::int64_t>>());
         return parts(c.x(), axis, c.arg(0).get<std::int64_t>());
       }},
      {"chunk",
       [](Call& c) {
         const int axis = c.args() > 1 ? axis_of(c.arg(1), c.x().shape().rank()) : 0;
         const std::int64_t n = c.x().shape()[axis], count = c.arg(0);
         return parts(c.x(), axis, (n + count - 1) / count);
       }},
      {"unbind",
       [](Call& c) {
         Vs out;
         const int axis = axis_of(c.given(0, "dim").is_null() ? Json(0) : c.given(0, "dim"), c.x().shape().rank());
         for (std::int64_t i = 0; i < c.x().shape()[axis]; ++i) out.push_back(at_row(c.x(), axis, i));
         return out;
       }},
      {"cat",
       [](Call& c) {
         const Vs x = c.list();
         return Vs{concatenate(std::span<const V>(x), c.has("dim") ? c.at("dim").get<int>() : 0)};
       }},
      {"stack",
       [](Call& c) {
         const int rank = c.list()[0].shape().rank() + 1, given = c.args() > 0 ? c.arg(0).get<int>() : 0;
         const int axis = given < 0 ? given + rank : given;
         Vs x;
         for (const V& part : c.list()) {
           auto dims = dims_of(part.shape());
           dims.insert(dims.begin() + axis, 1);
           x.push_back(reshape(part, Shape(dims)));
         }
         return Vs{concatenate(std::span<const V>(x), axis)};
       }},
  };
  return table;
}

// ---- comparing

/// Second derivatives that PyTorch has wrong, and how near ours must be all the same, relative to the terms they are
/// made of. (log-sum-exp: at 80 digits the truth is 2.001e-14, ours 1.998e-14, PyTorch's 3.064e-14, of terms near 1.)
struct Known {
  std::string reason;
  double within;
};
const std::map<std::string, Known> kSecondIsWrong = {
    {"nn.functional.binary_cross_entropy", {"PyTorch adds 1e-12 to its denominators", 1e-9}},
    {"nn.functional.l1_loss", {"PyTorch's second derivative of |x| is not 0, ours is", 0}},
    {"logsumexp", {"PyTorch forms e^(x - y) with y beyond 1000 rounded", 1e-13}},
};

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
    if (!agrees(value(g[i]), tensor_of<double>(row.at("grad")[i]), tolerance, scale * 1e-3)) return "gradient";
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
    if (!agrees(value(h[i]), tensor_of<double>(row.at("second")[i]), tolerance, scale * 1e-3)) {
      const auto known = kSecondIsWrong.find(c.name());
      if (known == kSecondIsWrong.end()) return "second derivative";
      const auto& [reason, within] = known->second;
      const Tensor<double> ours = value(h[i]);
      const bool right = within == 0 ? ours == Tensor<double>(ours.shape())
                                     : agrees(ours, tensor_of<double>(row.at("second")[i]), within, scale);
      if (!right) return "second derivative";
      throw Skip{"second derivative only: " + reason};
    }
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
  CHECK(tally.agreed >= 430);
}
