/// The workloads that every implementation computes, and their data.
///
/// Nothing of the library is included here: the opponents are compiled with options of their own, and inline functions
/// compiled twice would be merged.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace bench {

enum class Activation { sigmoid, relu, tanh };
enum class Loss {
  mse,            ///< mean over all elements
  cross_entropy,  ///< mean over the batch, from class labels
};
enum class Update {
  sgd,
  momentum,  ///< 0.9
  adam,      ///< 0.9, 0.999, 1e-8
};

/// A training step of a multilayer perceptron: forward, backward, update.
struct Net {
  std::vector<int> sizes;  ///< inputs, hidden…, outputs
  Activation activation = Activation::relu;
  bool activation_on_output = false;
  Loss loss = Loss::mse;
  Update update = Update::sgd;
  double rate = 0;
  int batch = 1;
  double gain = 1;            ///< weights and biases are uniform in ±gain / sqrt(inputs of the layer)
  double low = -1, high = 1;  ///< inputs are uniform in between

  int layers() const { return static_cast<int>(sizes.size()) - 1; }
  std::size_t parameters() const;
  /// Floating-point operations of the matrix products of one training step.
  double flops() const;
};

/// What is computed.
///   W1b1, W1b32  2-16-1 sigmoid, MSE, SGD, batch 1 and 32
///   W2           64-50-10 sigmoid, cross entropy, batch 100, momentum
///   W3           784-128-10 relu, cross entropy, batch 128, Adam
///   W4           784-1024-1024-10 relu, cross entropy, batch 512, Adam
///   W5           20 layers of 64 tanh, MSE, batch 64, SGD
///   W6           value and gradient of sum(tanh(x) exp(-x x) + sin x), a million elements
///   W7h          Hessian of W2's loss times a vector
///   W7p          u = MLP(2-20-20-1, tanh): gradient of mean((u_xx - u_t)²) over 1,000 points (x, t)
///   W8           gradient of the Rosenbrock function of 1,000 variables
///   P1, P2       64-50-10 (sigmoid) and 784-128-10 (relu) on one sample: outputs only
bool find_net(std::string_view workload, Net& net);
inline constexpr int kChain = 1'000'000, kRosenbrock = 1000;

/// uniform(low, high) numbers; number i depends on stream and i alone.
std::vector<double> uniform(std::uint64_t stream, std::size_t n, double low, double high);
/// Flat: W0 [out, in], b0, W1, b1, …
std::vector<double> initial_parameters(const Net& net);
std::vector<double> inputs(const Net& net);     ///< [batch, inputs]
std::vector<double> targets(const Net& net);    ///< [batch, outputs]
std::vector<int> labels(const Net& net);        ///< [batch]
std::vector<double> direction(const Net& net);  ///< W7h: the vector, flat as the parameters
std::vector<double> chain_inputs();             ///< W6
std::vector<double> rosenbrock_inputs();        ///< W8

template <class T>
std::vector<T> cast(const std::vector<double>& x) {
  return std::vector<T>(x.begin(), x.end());
}

/// One implementation of one workload, ready to run: nothing is prepared inside step().
struct Case {
  virtual ~Case() = default;
  virtual void step() = 0;
  virtual double loss() = 0;  ///< of the last step, before its update (W7h: v·Hv; P: the first output)
  virtual std::vector<double> gradient() = 0;  ///< of the last step, flat (W7h: H v; W6, W8: d/dx; P: the outputs)
};

/// An implementation of the workloads, f32 and f64.
struct Implementation {
  /// Null if it does not do the workload.
  std::unique_ptr<Case> (*make)(std::string_view workload, std::string_view type);
  /// For all that runs until the next call.
  void (*set_threads)(int n);
};
Implementation tape();                ///< ours, recorded once
Implementation record();              ///< ours, recorded for every step
Implementation tape_with_gradient();  ///< ours, recorded once, storing all gradients at every step
Implementation manual();
Implementation manual_eigen();
Implementation libtorch();

}  // namespace bench
