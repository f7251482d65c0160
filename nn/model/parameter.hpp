/// The leaves a model is made of, by name.
#pragma once

#include <string>
#include <vector>

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// A leaf of a model and the name it is saved under.
template <class T>
struct Parameter {
  using Number = T;
  std::string name;  ///< "layers.0.weight", "layers.0.bias"
  Var<T> var;
  bool trained = true;  ///< false for what is learned in another way, such as running statistics
};

/// Whether a parameter of this name is a bias, which penalties leave out: it ends in "bias".
inline bool is_bias(const std::string& name) { return name.ends_with("bias"); }

/// Those that are trained, without their names.
template <class T>
std::vector<Var<T>> trained(const std::vector<Parameter<T>>& parameters) {
  std::vector<Var<T>> out;
  for (const Parameter<T>& p : parameters) {
    if (p.trained) out.push_back(p.var);
  }
  return out;
}

/// The same leaves with `prefix` before their names.
template <class T>
std::vector<Parameter<T>> prefixed(const std::string& prefix, std::vector<Parameter<T>> parameters) {
  for (Parameter<T>& p : parameters) p.name = prefix + p.name;
  return parameters;
}

}  // namespace wengert::nn
