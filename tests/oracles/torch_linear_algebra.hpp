// Products, factorisations and norms, as PyTorch names them.
#pragma once

#include "tests/oracles/torch_call.hpp"

namespace wengert::test::torch {

/// The order of a norm as a number; those of matrices' singular values are left out.
inline double order_of(const Json& p) {
  if (p == "nuc") throw Skip{"norms of singular values"};
  return p == "fro" ? 2 : number_of(p);
}
inline V vector_norm(V x, double p, const Json& dims, bool keepdims) {
  if (p == 0) throw Skip{"the number of elements that are not 0, called a norm"};
  const bool number = x.shape().rank() == 0;
  if (p < 0) {  // not a norm, but a power mean all the same
    const V size = abs(x);
    const Axes axes = number ? Axes::all() : axes_of(dims);
    return std::isinf(p) ? min(size, axes, keepdims && !number)
                         : pow(sum(pow(size, p), axes, keepdims && !number), 1 / p);
  }
  return norm(x, p, number ? Axes::all() : axes_of(dims), keepdims && !number);
}
/// Of a matrix with an order: the largest (or smallest) sum of a row or a column; else of all elements.
inline V matrix_or_vector_norm(const Call& c) {
  const Json order = c.given(0, "ord"), dims = c.has("dim") ? c.at("dim") : Json();
  const bool keep = c.flag("keepdim");
  const V x = c.x();
  if (order.is_null()) return vector_norm(x, 2, dims, keep);
  const double p = order_of(order);
  const bool matrix = (dims.is_array() && dims.size() == 2) || (dims.is_null() && x.shape().rank() == 2);
  if (!matrix || order == "fro") return vector_norm(x, p, dims, keep);
  if (std::abs(p) == 2) throw Skip{"norms of singular values"};
  const Axes both{-2, -1};
  const V sums = sum(abs(x), std::isinf(p) ? -1 : -2, true);
  const V y = p > 0 ? max(sums, both, true) : min(sums, both, true);
  return keep ? y : squeeze(y, both);
}

inline const Translations& linear_algebra() {
  static const Translations table = {
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
         return Vs{multi_dot(std::span<const V>(x))};
       }},
      {"inner", [](Call& c) { return Vs{inner(c.x(), c.operand(0))}; }},
      {"kron", [](Call& c) { return Vs{kron(c.x(), c.operand(0))}; }},
      {"tensordot",
       [](Call& c) {
         const Json& dims = c.at("dims");
         if (dims.is_number()) return Vs{tensordot(c.x(), c.operand(0), dims.get<int>())};
         return Vs{tensordot(c.x(), c.operand(0), dims[0].get<std::vector<int>>(), dims[1].get<std::vector<int>>())};
       }},
      {"einsum",
       [](Call& c) {
         const Vs x = c.list();
         const std::string text = c.arg(0);
         if (text.ends_with("-> ij")) throw Skip{"axes under \"...\" that the result leaves out"};
         return Vs{einsum(text, std::span<const V>(x))};
       }},
      // factorisations
      {"linalg.cholesky",
       [](Call& c) {
         const V lower = cholesky(c.x());
         return Vs{c.flag("upper") ? swap_axes(lower, -1, -2) : lower};
       }},
      {"linalg.det",
       [](Call& c) {
         const V y = det(c.x());
         if (c.variant() != "singular") return Vs{y};
         // Hadamard's bound for the size of the terms that cancel.
         const V bound = prod(norm(c.x(), 2, -1), -1);
         if (value(max(abs(y) - 1e-14 * bound)).item() > 0) return Vs{y};
         throw Skip{"det of a singular matrix: rounding noise in both, and our gradient is NaN by choice"};
       }},
      {"linalg.inv", [](Call& c) { return Vs{inverse(c.x())}; }},
      {"linalg.slogdet",
       [](Call& c) {
         const auto [sign, log_of] = slogdet(c.x());
         return Vs{sign, log_of};
       }},
      {"linalg.solve",
       [](Call& c) {
         const V b = c.operand(0);
         const bool vectors = b.shape().rank() + 1 == c.x().shape().rank();
         return Vs{vectors ? squeeze(solve(c.x(), expand_dims(b, -1)), -1) : solve(c.x(), b)};
       }},
      // norms
      {"linalg.vector_norm",
       [](Call& c) {
         const double p = c.number("ord", 2);
         const auto of_order = [&](double q) {
           return vector_norm(c.x(), q, c.has("dim") ? c.at("dim") : Json(), c.flag("keepdim"));
         };
         const double rounded = static_cast<double>(static_cast<float>(p));
         const bool differs = c.x().shape().rank() > 0 && rounded != p && p != 0;
         if (differs && agrees(value(of_order(rounded)), c.out(), 1e-12))
           throw Skip{"PyTorch rounds the order of a norm to float, and ours of that order agrees"};
         return Vs{of_order(p)};
       }},
      {"linalg.norm", [](Call& c) { return Vs{matrix_or_vector_norm(c)}; }},
      {"norm",
       [](Call& c) {
         const Json p = c.args() > 0 ? c.arg(0) : Json();
         const bool keep = c.args() > 2 && c.arg(2).get<bool>();
         const double order = order_of(p.is_null() ? Json(2) : p);
         return Vs{vector_norm(c.x(), order, c.args() > 1 ? c.arg(1) : Json(), keep)};
       }},
  };
  return table;
}

}  // namespace wengert::test::torch
