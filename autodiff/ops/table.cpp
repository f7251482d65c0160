#include "autodiff/ops/table.hpp"

namespace wengert {

std::string internal::operand_list(std::span<const Shape> shapes) {
  constexpr const char* names[] = {"a", "b", "c"};
  std::string text;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string name = shapes.size() == 1 ? "x" : shapes.size() <= 3 ? names[i] : fmt::format("input {}", i);
    text += fmt::format("{}{} is {}", i == 0 ? "" : ", ", name, to_string(shapes[i]));
  }
  return text;
}

namespace {

template <class T>
Tape<T>& tape_of(const OpTable<T>& table, std::span<const Var<T>> x, Source& where) {
  if (x.empty() || x[0].empty()) throw UsageError(locate(table.name, "an empty Var has no tape", where));
  where = x[0].tape().line_of(where);
  for (const Var<T>& operand : x) x[0].tape().expect_mine(table.name, operand, where);
  return x[0].tape();
}

}  // namespace

template <class T>
Var<T> record(const OpTable<T>& table, const void* attributes, std::span<const Var<T>> x, Source where) {
  Tape<T>& tape = tape_of(table, x, where);
  std::span<const Shape> shapes(&tape.shape(x[0].id()), 1);  // one is where it is, several must lie together
  std::vector<Shape> several;
  if (x.size() > 1) {
    several.reserve(x.size());
    for (const Var<T>& operand : x) several.push_back(tape.shape(operand.id()));
    shapes = several;
  }
  Shape shape;
  try {
    shape = table.shape(attributes, shapes);
  } catch (const ShapeError& fact) {
    throw ShapeError(locate(table.name, fmt::format("{}: {}", fact.what(), internal::operand_list(shapes)), where));
  }
  return tape.append(table, attributes, x, shape, where);
}

template <class T>
Var<T> record(const OpTable<T>& table, const void* attributes, std::span<const Var<T>> x, const Shape& shape,
              Source where) {
  Tape<T>& tape = tape_of(table, x, where);
  return tape.append(table, attributes, x, shape, where);
}

#define INSTANTIATE(T)                                                                     \
  template Var<T> record(const OpTable<T>&, const void*, std::span<const Var<T>>, Source); \
  template Var<T> record(const OpTable<T>&, const void*, std::span<const Var<T>>, const Shape&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
