#include <algorithm>
#include <cstring>

#include "autodiff/program/places.hpp"

namespace wengert {

namespace {

std::size_t at(int axis) { return static_cast<std::size_t>(axis); }

template <class T>
class Emit {
 public:
  Emit(const Plan<T>& plan, const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>& cached,
       std::vector<std::shared_ptr<LeafStorage<T>>> leaves)
      : p_(plan), out_(with(std::move(leaves))), places_(plan, cached, *out_) {}

  std::unique_ptr<Executable<T>> operator()() {
    out_->units.reserve(p_.order.size());
    for (const std::uint32_t q : p_.order) emit(q);
    finish();
    return std::move(out_);
  }

 private:
  const Graph<T>& g() const { return p_.graph; }
  static std::unique_ptr<Executable<T>> with(std::vector<std::shared_ptr<LeafStorage<T>>> leaves) {
    auto out = std::make_unique<Executable<T>>();
    out->leaves = std::move(leaves);
    return out;
  }

  void emit(std::uint32_t q) {
    const Group& group = p_.fused.groups[q];
    out_->units.emplace_back();
    Unit<T>& unit = out_->units.back();
    const std::uint32_t first = group.product != kNone ? group.product : group.nodes.front();
    unit.where = g().tape->node(g().nodes[first].origin).where;
    if (group.product != kNone) unit.names.push_back("matmul");
    for (const std::uint32_t n : group.nodes) unit.names.push_back(name(n));
    for (const std::uint32_t n : group.nodes) check_indices(n);
    if (group.product == kNone && g().nodes[first].kind == Kind::kernel) {
      emit_kernel(unit, first);
      return;
    }
    if (group.product != kNone) emit_product(unit, q);
    if (!p_.entries[q].empty()) emit_tiles(p_, places_, q, unit.gemm.c, unit.tiles);
  }

  std::string_view name(std::uint32_t n) const {
    if (g().nodes[n].copied || g().is(n, kernels::instruction_of<math::Copy>())) return "copy";
    return g().op(n).name == "matmul" ? "outer" : g().op(n).name;
  }

  void check_indices(std::uint32_t n) {
    if (g().nodes[n].kind == Kind::map || g().nodes[n].copied || g().op(n).index_bound == nullptr) return;
    std::vector<Shape> shapes;
    for (const std::uint32_t x : g().inputs_of(n)) shapes.push_back(g().shape(x));
    for (const std::uint32_t x : g().inputs_of(n)) {
      if (g().nodes[x].kind != Kind::index) continue;
      const std::int64_t bound = g().op(n).index_bound(g().attributes(n), shapes);
      const auto same = [&](const auto& c) { return c.leaf == places_.leaf(x) && c.bound == bound; };
      if (std::ranges::any_of(out_->checks, same)) continue;
      const Tape<T>& tape = *g().tape;
      const Node<T>& node = tape.node(g().nodes[n].origin);
      const Node<T>& called = node.forward == kNoNode ? node : tape.node(node.forward);  // not what a rule recorded
      out_->checks.push_back({places_.leaf(x), bound, called.op->name, node.where});
    }
  }

  void emit_kernel(Unit<T>& unit, std::uint32_t n) {
    for (const std::uint32_t x : g().inputs_of(n)) {
      const bool integers = g().nodes[x].kind == Kind::index;
      if (integers) {
        unit.index.push_back(places_.integers(x));
      } else {
        unit.in.push_back(places_.view(x));
      }
    }
    unit.out = View<T>(places_.memory(n), g().shape(n));
    if (g().nodes[n].copied) {
      unit.kind = UnitKind::copy;
      return;
    }
    unit.kind = UnitKind::kernel;
    unit.op = &g().op(n);
    if (g().attributes(n) != nullptr) std::memcpy(unit.attributes, g().attributes(n), unit.op->attribute_bytes);
    if (unit.op->owner != nullptr) unit.owner = unit.op->owner(unit.attributes);
  }

  T* product_memory(std::uint32_t q) {
    return p_.product_lies[q] != kNone ? places_.memory(p_.product_lies[q]) : out_->arena.data() + p_.product_offset[q];
  }

  void emit_product(Unit<T>& unit, std::uint32_t q) {
    unit.kind = UnitKind::product;
    unit.multiply = kernels::gemm_function<T>();
    const std::uint32_t n = p_.fused.groups[q].product;
    const View<const T> a = places_.view(g().inputs_of(n)[0]), b = places_.view(g().inputs_of(n)[1]);
    const Shape& shape = g().shape(n);
    const int rank = shape.rank();
    kernels::Gemm<T>& gemm = unit.gemm;
    gemm.m = shape[-2];
    gemm.n = shape[-1];
    gemm.k = a.shape[-1];
    gemm.a = a.data;
    gemm.b = b.data;
    gemm.c = product_memory(q);
    gemm.c_row = gemm.n;
    const auto strides = [](const View<const T>& v, std::ptrdiff_t& row, std::ptrdiff_t& col) {
      row = v.strides[at(v.shape.rank() - 2)];
      col = v.strides[at(v.shape.rank() - 1)];
      // An axis of length 1 has any stride: say the one that makes the other look contiguous.
      if (v.shape[-2] == 1) row = v.shape[-1];
      if (v.shape[-1] == 1) col = row == 1 ? v.shape[-2] : 1;
    };
    strides(a, gemm.a_row, gemm.a_col);
    strides(b, gemm.b_row, gemm.b_col);
    if (p_.bias[q] != kNone) gemm.bias = places_.view(p_.bias[q]).data;
    if (rank == 2) return;
    const Shape batch(shape.dims().first(at(rank - 2)));
    for (const auto& [operand, offsets] : {std::pair(&a, &unit.a_offsets), std::pair(&b, &unit.b_offsets)}) {
      const int own = operand->shape.rank() - 2;
      const Window matrices =
          stretched(Window(0, Shape(operand->shape.dims().first(at(own))), operand->strides), batch);
      offsets->reserve(at(static_cast<int>(batch.size())));
      for (std::int64_t i = 0; i < batch.size(); ++i) {
        std::int64_t rest = i, offset = 0;
        for (int axis = rank - 2; axis-- > 0;) {
          offset += rest % batch[axis] * matrices.strides[at(axis)];
          rest /= batch[axis];
        }
        offsets->push_back(offset);
      }
    }
    if (batch.size() == 0) gemm.m = 0;
  }

  void finish() {
    std::ptrdiff_t registers = 0;
    for (const Unit<T>& unit : out_->units) registers = std::max(registers, unit.tiles.registers);
    out_->scratch = Buffer<T>(static_cast<std::size_t>((registers + 1) * kernels::kScratch<T>));
    for (Unit<T>& unit : out_->units) {
      unit.gemm.scratch = out_->scratch.data();
      if (unit.tiles.steps.empty()) continue;
      unit.tiles.bake(out_->scratch.data());
      if (unit.kind == UnitKind::product && unit.a_offsets.empty()) unit.gemm.epilogue = &unit.tiles;
    }
    for (std::size_t r = 0; r < g().outputs; ++r) {
      const std::uint32_t n = g().roots[r];
      out_->outputs.push_back({places_.view(n).data, g().shape(n)});
    }
    for (const Assignment& a : p_.assigns) {
      const std::uint32_t leaf = places_.leaf_of(a.leaf);
      out_->assigned.push_back(leaf);
      if (a.in_place) continue;
      out_->copies.push_back({out_->leaves[leaf]->floats.data(), places_.view(a.value).data,
                              static_cast<std::size_t>(g().shape(a.value).size())});
    }
  }

  const Plan<T>& p_;
  std::unique_ptr<Executable<T>> out_;
  Places<T> places_;
};

}  // namespace

template <class T>
std::unique_ptr<Executable<T>> emit(const Plan<T>& plan,
                                    const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>& cached,
                                    std::vector<std::shared_ptr<LeafStorage<T>>> leaves) {
  return Emit<T>(plan, cached, std::move(leaves))();
}

#define INSTANTIATE(T)                                                                                         \
  template std::unique_ptr<Executable<T>> emit(const Plan<T>&,                                                 \
                                               const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>&, \
                                               std::vector<std::shared_ptr<LeafStorage<T>>>)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
