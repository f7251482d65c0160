#include "nn/snapshot/slot.hpp"

#include <fmt/format.h>

#include <set>

namespace wengert::nn {

namespace {

template <class T>
Tensor<T> transpose_of(const Tensor<T>& matrix) {
  const std::int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Tensor<T> out(Shape{columns, rows});
  for (std::int64_t i = 0; i < matrix.size(); ++i) out.data()[i % columns * rows + i / columns] = matrix.data()[i];
  return out;
}

template <class T>
Tensor<T> value_for(const Slot<T>& slot, const Arrays& arrays, Convert convert, const Origin& origin) {
  const std::string place = fmt::format("tensor \"{}\"", slot.name);
  const auto found = arrays.find(slot.name);
  if (found == arrays.end()) throw origin.error(place, "the file has none of this name");
  const Array& array = found->second;
  const Shape& shape = slot.leaf.shape();
  const Shape wanted = slot.transposed ? Shape{shape[1], shape[0]} : shape;
  if (array.shape() != wanted) {
    throw origin.error(
        place, fmt::format("the shape is {} in the file, {} is wanted", to_string(array.shape()), to_string(wanted)));
  }
  if (const std::string fact = array.obstacle<T>(convert); !fact.empty()) throw origin.error(place, fact);
  const Tensor<T> value = array.to<T>(convert, origin.where);
  return slot.transposed ? transpose_of(value) : value;
}

}  // namespace

template <class T>
void expect_leaves(const std::string& operation, const std::vector<Slot<T>>& slots, Source where) {
  std::set<std::string> names;
  for (const Slot<T>& slot : slots) {
    slot.leaf.shape(where);  // throws for one that is gone
    if (slot.leaf.tape().node(slot.leaf.id()).op->kind != Kind::leaf) {
      throw UsageError(locate(operation, fmt::format("\"{}\" is no leaf: it cannot be set", slot.name), where));
    }
    if (!names.insert(slot.name).second) {
      throw UsageError(locate(operation, fmt::format("two leaves are called \"{}\"", slot.name), where));
    }
  }
}

template <class T>
std::vector<Slot<T>> slots_of(const std::string& operation, const std::vector<Parameter<T>>& leaves, Source where) {
  std::vector<Slot<T>> slots;
  for (const Parameter<T>& leaf : leaves) slots.push_back({leaf.name, leaf.var});
  expect_leaves(operation, slots, where);
  return slots;
}

template <class T>
Arrays arrays_of(const std::vector<Slot<T>>& slots, Source where) {
  Arrays out;
  for (const Slot<T>& slot : slots) {
    const Tensor<T> now = value(slot.leaf, where);
    out.emplace(slot.name, slot.transposed ? transpose_of(now) : now);
  }
  return out;
}

template <class T>
std::vector<Tensor<T>> values_for(const std::vector<Slot<T>>& slots, const Arrays& arrays, Convert convert, bool others,
                                  const Origin& origin) {
  std::vector<Tensor<T>> values;
  std::set<std::string> names;
  for (const Slot<T>& slot : slots) {
    values.push_back(value_for(slot, arrays, convert, origin));
    names.insert(slot.name);
  }
  for (const auto& [name, array] : arrays) {
    if (others || names.contains(name)) continue;
    throw origin.error(fmt::format("tensor \"{}\"", name), "there is no leaf of this name");
  }
  return values;
}

template <class T>
void set_leaves(const std::vector<Slot<T>>& slots, const Arrays& arrays, Convert convert, bool others,
                const Origin& origin) {
  const std::vector<Tensor<T>> values = values_for(slots, arrays, convert, others, origin);
  // Nothing below can fail: these are leaves, and the shapes are theirs.
  for (std::size_t i = 0; i < slots.size(); ++i) slots[i].leaf.tape().set(slots[i].leaf, values[i], origin.where);
}

#define INSTANTIATE(T)                                                                                  \
  template void expect_leaves(const std::string&, const std::vector<Slot<T>>&, Source);                 \
  template std::vector<Slot<T>> slots_of(const std::string&, const std::vector<Parameter<T>>&, Source); \
  template Arrays arrays_of(const std::vector<Slot<T>>&, Source);                                       \
  template std::vector<Tensor<T>> values_for(const std::vector<Slot<T>>&, const Arrays&, Convert, bool, \
                                             const Origin&);                                            \
  template void set_leaves(const std::vector<Slot<T>>&, const Arrays&, Convert, bool, const Origin&)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
