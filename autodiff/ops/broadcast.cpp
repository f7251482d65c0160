#include "autodiff/ops/broadcast.hpp"

#include <fmt/format.h>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

struct Broadcast {
  static constexpr Doc doc{"broadcast_to", "y = x, stretched", "g summed over the stretched axes"};
  static constexpr Kind kind = Kind::view;
  static constexpr int inputs = 1;

  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T>) const {
    return g;  // the sweep sums it
  }
  Window view(const Window& in, const Shape& out) const { return stretched(in, out); }
};

}  // namespace

template <class T>
Var<T> broadcast_to(Var<T> x, const Shape& shape, Source where) {
  const Shape& from = x.shape(where, "broadcast_to");
  if (from == shape) return x;
  if (!broadcasts_to(from, shape)) {
    throw ShapeError(
        locate("broadcast_to", fmt::format("{} does not broadcast to {}", to_string(from), to_string(shape)), where));
  }
  Tape<T>& tape = x.tape();
  if (tape.node(x.id()).op->kind == Kind::constant) return tape.constant(tape.constant_value(x.id()), shape, where);
  return record(Broadcast{}, {x}, shape, where);
}

template <class T>
Var<T> sum_to(Var<T> x, const Shape& shape, Source where) {
  const Shape& from = x.shape(where, "sum_to");
  if (from == shape) return x;
  if (!broadcasts_to(shape, from)) {
    throw ShapeError(
        locate("sum_to", fmt::format("{} does not broadcast to {}", to_string(shape), to_string(from)), where));
  }
  std::array<int, kMaxRank> axes{};
  std::size_t count = 0;
  const int lead = from.rank() - shape.rank();
  for (int axis = 0; axis < from.rank(); ++axis) {
    if (axis < lead || (shape[axis - lead] == 1 && from[axis] != 1)) axes[count++] = axis;
  }
  return reshape(sum(x, Axes(std::span<const int>(axes.data(), count)), true, where), shape, where);
}

template <class T>
std::vector<Entry<T>> broadcast_entries() {
  return {{&table_of<Broadcast, T>(),
           {sample<T>(Broadcast{}, {{3, 1}}, {2, 3, 4}), sample<T>(Broadcast{}, {Shape{}}, {5})}}};
}

#define INSTANTIATE(T)                                        \
  template Var<T> broadcast_to(Var<T>, const Shape&, Source); \
  template Var<T> sum_to(Var<T>, const Shape&, Source);       \
  template std::vector<Entry<T>> broadcast_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
