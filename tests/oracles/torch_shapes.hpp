// Shapes and indexing, as PyTorch names them.
#pragma once

#include "tests/oracles/torch_call.hpp"

namespace wengert::test::torch {

inline V view_as(V x, std::vector<std::int64_t> dims) {
  const auto open = std::find(dims.begin(), dims.end(), -1);
  if (open != dims.end()) {
    *open = 1;
    *open = x.shape().size() / Shape(dims).size();
  }
  return reshape(x, Shape(dims));
}
/// PyTorch lists paddings from the last axis on, and a negative one cuts.
inline V padded(const Call& c) {
  if (c.args() > 1 && c.arg(1) != "constant") throw Skip{"padding by the tensor's own elements"};
  if (c.variant() != "constant") throw Skip{"padding by the tensor's own elements"};
  const auto given = c.arg(0).get<std::vector<std::int64_t>>();
  V x = c.x();
  std::vector<Padding> paddings(static_cast<std::size_t>(x.shape().rank()));
  for (std::size_t i = 0; i < given.size(); ++i) {
    const int axis = x.shape().rank() - 1 - static_cast<int>(i / 2);
    const std::int64_t n = x.shape()[axis], cut = std::max<std::int64_t>(0, -given[i]);
    if (cut > 0) x = narrow(x, axis, i % 2 == 0 ? cut : 0, n - cut);
    Padding& p = paddings[static_cast<std::size_t>(axis)];
    (i % 2 == 0 ? p.before : p.after) = std::max<std::int64_t>(0, given[i]);
  }
  return pad(x, paddings, c.args() > 2 ? c.arg(2).get<double>() : 0);
}
/// PyTorch's index may be shorter than x along the other axes; what it does not reach is left out.
inline V cut_to(V x, const Shape& index, int along) {
  for (int axis = 0; axis < index.rank(); ++axis) {
    if (axis != normalize_axis(along, index.rank())) x = narrow(x, axis, 0, index[axis]);
  }
  return x;
}
inline V along_broadcast(Call& c, const Tensor<std::int64_t>& index, int along) {
  auto of_index = dims_of(index.shape()), of_x = dims_of(c.x().shape());
  const auto axis = static_cast<std::size_t>(along);
  const std::int64_t extent = of_x[axis];
  of_x[axis] = of_index[axis];
  const Shape common = broadcast(Shape(of_x), index.shape());
  Tensor<std::int64_t> full(common);
  const View<const std::int64_t> from(index.data(), index.shape());
  const Window stretch = stretched(Window(index.shape()), common);
  for (std::int64_t i = 0; i < full.size(); ++i) {
    std::int64_t rest = i, offset = 0;
    for (int a = common.rank(); a-- > 0;) {
      offset += rest % common[a] * stretch.strides[static_cast<std::size_t>(a)];
      rest /= common[a];
    }
    full.data()[i] = from.data[offset];
  }
  of_x = dims_of(common);
  of_x[axis] = extent;
  return gather(broadcast_to(c.x(), Shape(of_x)), c.tape().indices(full), along);
}
/// An index shorter than x along one other axis adds to the front of it.
inline V scattered(Call& c) {
  const int along = c.arg(0).get<int>();
  if (c.x().shape().rank() == 0) {
    const auto at = c.tape().indices(reshaped(c.integers(1), Shape{1}));
    return reshape(scatter_add(reshape(c.x(), {1}), 0, at, reshape(c.operand(2), {1})), Shape{});
  }
  const V source = cut_to(c.operand(2), c.integers(1).shape(), -1 - along);
  const int other = 1 - along;
  const std::int64_t reached = c.integers(1).shape()[other], extent = c.x().shape()[other];
  const V sum = scatter_add(narrow(c.x(), other, 0, reached), along, c.index(1), source);
  return reached == extent ? sum : concatenate({sum, narrow(c.x(), other, reached, extent - reached)}, other);
}

inline const Translations& shapes_and_indexing() {
  static const Translations table = {
      {"reshape", [](Call& c) { return Vs{view_as(c.x(), c.arg(0).get<std::vector<std::int64_t>>())}; }},
      {"view", [](Call& c) { return Vs{view_as(c.x(), c.arg(0).get<std::vector<std::int64_t>>())}; }},
      {"broadcast_to", [](Call& c) { return Vs{expanded(c)}; }},
      {"expand", [](Call& c) { return Vs{expanded(c)}; }},
      {"t", [](Call& c) { return Vs{transpose(c.x())}; }},
      {"transpose",
       [](Call& c) {
         if (c.x().shape().rank() == 0) return Vs{c.x()};
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
         auto dims = dims_of(c.x().shape());
         dims.resize(c.has("start_dim") ? c.at("start_dim").get<std::size_t>() : 0);  // the last axis ends them all
         dims.push_back(-1);
         return Vs{view_as(c.x(), dims)};
       }},
      {"narrow",
       [](Call& c) {
         const int axis = axis_of(c.arg(0), c.x().shape().rank());
         std::int64_t start = c.is_tensor(1) ? c.integers(1).item() : c.arg(1).get<std::int64_t>();
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
      {"roll",
       [](Call& c) {
         if (c.args() == 1) {
           const V flat = reshape(c.x(), Shape{c.x().shape().size()});
           return Vs{reshape(roll(flat, c.arg(0).get<std::int64_t>(), 0), c.x().shape())};
         }
         if (!c.arg(0).is_array()) return Vs{roll(c.x(), c.arg(0).get<std::int64_t>(), c.arg(1).get<int>())};
         V y = c.x();
         for (std::size_t i = 0; i < c.arg(0).size(); ++i)
           y = roll(y, c.arg(0)[i].get<std::int64_t>(), c.arg(1)[i].get<int>());
         return Vs{y};
       }},
      {"repeat", [](Call& c) { return Vs{tile(c.x(), c.arg(0).get<std::vector<std::int64_t>>())}; }},
      {"tile", [](Call& c) { return Vs{tile(c.x(), c.arg(0).get<std::vector<std::int64_t>>())}; }},
      {"nn.functional.pad", [](Call& c) { return Vs{padded(c)}; }},
      {"diag",
       [](Call& c) {
         const int offset = c.args() > 0 ? c.arg(0).get<int>() : 0;
         return Vs{c.x().shape().rank() == 1 ? diag(c.x(), offset) : diagonal(c.x(), offset)};
       }},
      {"diagonal",
       [](Call& c) {
         const int rank = c.x().shape().rank();
         const int first = axis_of(c.has("dim1") ? c.at("dim1") : Json(0), rank);
         const int second = axis_of(c.has("dim2") ? c.at("dim2") : Json(1), rank);
         std::vector<int> order;
         for (int axis = 0; axis < rank; ++axis) {
           if (axis != first && axis != second) order.push_back(axis);
         }
         order.insert(order.end(), {first, second});
         return Vs{diagonal(transpose(c.x(), order), static_cast<int>(c.number("offset", 0)))};
       }},
      {"tril", [](Call& c) { return Vs{tril(c.x(), c.args() > 0 ? c.arg(0).get<int>() : 0)}; }},
      {"triu", [](Call& c) { return Vs{triu(c.x(), c.args() > 0 ? c.arg(0).get<int>() : 0)}; }},
      // indexing
      {"gather",
       [](Call& c) {
         const V x = c.x().shape().rank() == 0 ? reshape(c.x(), {1}) : c.x();
         const Tensor<std::int64_t> index = tensor_of<std::int64_t>(c.arg(1).at("tensor"));
         return Vs{gather(cut_to(x, index.shape(), c.arg(0).get<int>()), c.tape().indices(index), c.arg(0).get<int>())};
       }},
      {"take_along_dim",
       [](Call& c) {
         if (c.args() == 1) {
           const Tensor<std::int64_t> index = c.integers(0);
           return Vs{gather(reshape(c.x(), {-1}), c.tape().indices(reshaped(index, Shape{index.size()})), 0)};
         }
         return Vs{along_broadcast(c, c.integers(0), c.arg(1).get<int>())};
       }},
      {"index_select",
       [](Call& c) {
         if (c.x().shape().rank() == 0) return Vs{reshape(take(reshape(c.x(), {1}), c.index(1), 0), Shape{})};
         return Vs{take(c.x(), c.index(1), c.arg(0).get<int>())};
       }},
      {"nn.functional.embedding", [](Call& c) { return Vs{take(c.x(), c.index(0), 0)}; }},
      {"index_add",
       [](Call& c) {
         const V source = c.operand(2) * c.number("alpha", 1);
         if (c.x().shape().rank() == 0)
           return Vs{reshape(index_add(reshape(c.x(), {1}), 0, c.index(1), reshape(source, {1})), Shape{})};
         return Vs{index_add(c.x(), c.arg(0).get<int>(), c.index(1), source)};
       }},
      {"scatter_add", [](Call& c) { return Vs{scattered(c)}; }},
      // out of scope
      {"masked_select", [](Call&) -> Vs { throw Skip{"results whose shape depends on values"}; }},
      {"sort", [](Call&) -> Vs { throw Skip{"sorting"}; }},
      {"topk", [](Call&) -> Vs { throw Skip{"sorting"}; }},
      {"nn.functional.conv2d", [](Call&) -> Vs { throw Skip{"convolution"}; }},
  };
  return table;
}

}  // namespace wengert::test::torch
