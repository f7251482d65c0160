/// Models out of parts. A module is any struct with Vars for its leaves and two functions:
///
///   struct Shift {
///     Var<double> by;
///     Var<double> forward(Var<double> x, Pass<double>&) const { return x + by; }
///     std::vector<Parameter<double>> named_parameters() const { return {{"by", by}}; }
///   };
///
/// A function of one Var, or an Activation, is a module without leaves.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <utility>
#include <vector>

#include "nn/model/activate.hpp"
#include "nn/model/parameter.hpp"

namespace wengert::nn {

/// What one recording of a model is told, and what it leaves beside its result. Training and predicting are two
/// recordings; no module changes its state.
template <class T>
struct Pass {
  bool training = false;             ///< the batch's own statistics, dropout
  Source where = Source::here();     ///< the user's line
  Index<T> key{};                    ///< {seed, step} of what is drawn; needed where a layer draws
  std::vector<Assign<T>> updates{};  ///< running statistics after this pass; they join the assigns of a step
};

/// What a Module can be made of: see the head of this file.
template <class M, class T>
concept ModuleOf = std::is_same_v<M, Activation> || requires(const M& m, Var<T> x, Pass<T>& pass) {
  { m.forward(x, pass) } -> std::convertible_to<Var<T>>;
} || requires(const M& m, Var<T> x) {
  { m(x) } -> std::convertible_to<Var<T>>;
} || requires(const M& m, Var<T> x, Source where) {
  { m(x, where) } -> std::convertible_to<Var<T>>;
};

/// Any module, its type erased; a copy shares its leaves.
template <class T>
class Module {
 public:
  template <class M>
  requires(!std::is_same_v<M, Module>) Module(M module) {  // NOLINT: a module is given by its struct
    static_assert(
        ModuleOf<M, T>,
        "a module has `Var<T> forward(Var<T> x, Pass<T>& pass) const`, or is an Activation or a function of a Var");
    if constexpr (requires { module.named_parameters(); }) {
      parameters_ = [module] { return module.named_parameters(); };
    }
    if constexpr (requires(Var<T> x, Pass<T> & pass) { module.forward(x, pass); }) {
      forward_ = [module](Var<T> x, Pass<T>& pass) { return module.forward(x, pass); };
    } else if constexpr (std::is_same_v<M, Activation>) {
      forward_ = [module](Var<T> x, Pass<T>& pass) { return activate(module, x, T(0.01), pass.where); };
    } else if constexpr (requires(Var<T> x, Source where) { module(x, where); }) {  // relu<double>
      forward_ = [module](Var<T> x, Pass<T>& pass) { return module(x, pass.where); };
    } else if constexpr (ModuleOf<M, T>) {
      forward_ = [module](Var<T> x, Pass<T>&) { return module(x); };
    }
  }

  Var<T> forward(Var<T> x, Pass<T>& pass) const { return forward_(x, pass); }
  /// Its leaves; none for a function.
  std::vector<Parameter<T>> named_parameters() const {
    return parameters_ ? parameters_() : std::vector<Parameter<T>>();
  }

 private:
  std::function<Var<T>(Var<T>, Pass<T>&)> forward_;
  std::function<std::vector<Parameter<T>>()> parameters_;
};

/// One module after the other. Leaves are named by position: "layers.0.weight".
template <class T>
struct Sequential {
  std::vector<Module<T>> layers;

  Sequential(std::initializer_list<Module<T>> modules) : layers(modules) {}

  Var<T> forward(Var<T> x, Pass<T>& pass) const {
    for (const Module<T>& layer : layers) x = layer.forward(x, pass);
    return x;
  }
  /// As when predicting.
  Var<T> operator()(Var<T> x, Source where = Source::here()) const {
    Pass<T> pass{.where = where};
    return forward(x, pass);
  }
  std::vector<Parameter<T>> named_parameters() const {
    std::vector<Parameter<T>> out;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      for (auto& p : prefixed("layers." + std::to_string(i) + ".", layers[i].named_parameters())) {
        out.push_back(std::move(p));
      }
    }
    return out;
  }
};

/// x + f(x) (He et al. 2016). f keeps the shape of x.
template <class T>
struct Residual {
  Module<T> inner;
  Var<T> forward(Var<T> x, Pass<T>& pass) const {
    const Var<T> y = inner.forward(x, pass);
    if (x.shape(pass.where, "residual") != y.shape(pass.where, "residual")) {
      throw ShapeError(locate(
          "residual",
          "the inner module must keep the shape of x: it makes " + to_string(y.shape()) + " of " + to_string(x.shape()),
          pass.where));
    }
    return add(Located<T>(x, pass.where), Located<T>(y, pass.where));
  }
  std::vector<Parameter<T>> named_parameters() const { return prefixed("inner.", inner.named_parameters()); }
};

}  // namespace wengert::nn
