/// Multilayer perceptron: z = a W + b, a = σ(z), layer after layer. Its gradients come off the tape; nothing here knows
/// how to go backward.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/model/layers.hpp"
#include "nn/model/predictor.hpp"

namespace wengert::nn {

struct MlpOptions {
  Activation hidden = Activation::sigmoid;
  Activation output = Activation::identity;
  std::vector<Activation> activations{};  ///< one per layer; takes the place of hidden and output if not empty
  double alpha = 0.01;                    ///< of leaky_relu and elu
  Init init = Init::glorot_uniform;
  double bias = 0;
  std::uint64_t seed = 0;
};

template <class T>
class Mlp {
 public:
  /// sizes = {inputs, hidden…, outputs}: at least two, all positive. Throws ShapeError otherwise, and if the number of
  /// activations is not the number of layers.
  Mlp(Tape<T>& tape, const std::vector<std::int64_t>& sizes, const MlpOptions& options = {},
      Source where = Source::here());

  /// x [batch, inputs] -> aᴸ [batch, outputs].
  Var<T> operator()(Var<T> x, Source where = Source::here()) const;
  /// x [batch, inputs] -> zᴸ, before the last activation: what cross entropy takes.
  Var<T> logits(Var<T> x, Source where = Source::here()) const;
  /// aᴸ: a Mlp is a module, too.
  Var<T> forward(Var<T> x, Pass<T>& pass) const { return (*this)(x, pass.where); }
  /// All zˡ and aˡ, layer by layer.
  struct Trace {
    std::vector<Var<T>> z, a;
  };
  Trace trace(Var<T> x, Source where = Source::here()) const;
  /// aᴸ now, for a tensor x [n, inputs]; the programs are kept for the next call.
  Tensor<T> predict(const Tensor<T>& x, Source where = Source::here()) const;
  /// The same from and into memory of the caller's: any number of rows, row-major, y [rows, outputs]. After
  /// `prepare(rows)` on the same thread it allocates nothing for that many rows or fewer: fit for an audio callback.
  ///
  /// Const, but it uses the tape: while one thread predicts, no other may use the model, its tape or a program of it. A
  /// thread of its own takes a model of its own, with the same weights on another tape.
  void predict(std::span<const T> x, std::span<T> y, Source where = Source::here()) const;
  /// Records, compiles and runs once what predictions of 1 to `rows` rows need.
  void prepare(std::int64_t rows, Source where = Source::here()) const;

  std::size_t layers() const { return layers_.size(); }
  const Linear<T>& layer(std::size_t l) const { return layers_[l]; }
  Activation activation(std::size_t l) const { return activations_[l]; }
  T alpha() const { return alpha_; }
  Tape<T>& tape() const { return *tape_; }
  /// W and b of every layer, in order: "layers.0.weight" [in, out], "layers.0.bias" [out].
  std::vector<Var<T>> parameters() const;
  std::vector<Parameter<T>> named_parameters() const;
  /// The network as an aligned table.
  std::string describe() const;

 private:
  Tape<T>* tape_;
  std::vector<Linear<T>> layers_;
  std::vector<Activation> activations_;
  T alpha_;
  std::shared_ptr<Predictor<T>> predictor_;
};

}  // namespace wengert::nn
