// The opponent: libtorch C++ eager, written as its users write it (nn::Linear, functional, optim).
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "bench/workload.hpp"

namespace bench {
namespace {
namespace F = torch::nn::functional;

torch::Tensor tensor(const std::vector<double>& v, at::IntArrayRef shape, torch::ScalarType t) {
  return torch::from_blob(const_cast<double*>(v.data()), shape, torch::kFloat64).clone().to(t);
}
void append(std::vector<double>& out, const torch::Tensor& t) {
  auto d = t.detach().to(torch::kFloat64).contiguous();
  out.insert(out.end(), d.data_ptr<double>(), d.data_ptr<double>() + d.numel());
}
torch::Tensor act(Activation a, const torch::Tensor& z) {
  return a == Activation::relu ? torch::relu(z) : a == Activation::sigmoid ? torch::sigmoid(z) : torch::tanh(z);
}

struct ModelImpl : torch::nn::Module {
  Net s;
  std::vector<torch::nn::Linear> fc;
  ModelImpl(const Net& spec, torch::ScalarType t) : s(spec) {
    for (int l = 0; l < s.layers(); ++l)
      fc.push_back(register_module("fc" + std::to_string(l), torch::nn::Linear(s.sizes[l], s.sizes[l + 1])));
    to(t);
    torch::NoGradGuard no;
    auto p = initial_parameters(s);
    std::size_t o = 0;
    for (auto& q : parameters())
      q.copy_(tensor({p.begin() + o, p.begin() + o + q.numel()}, q.sizes(), t)), o += q.numel();
  }
  torch::Tensor forward(torch::Tensor x) {
    for (int l = 0; l < s.layers(); ++l) {
      x = fc[l]->forward(x);
      if (l + 1 < s.layers() || s.activation_on_output) x = act(s.activation, x);
    }
    return x;
  }
};
TORCH_MODULE(Model);

struct Train : Case {
  Net s;
  Model net;
  torch::Tensor x, y, loss_;
  std::unique_ptr<torch::optim::Optimizer> opt;
  Train(const Net& spec, torch::ScalarType t) : s(spec), net(spec, t) {
    x = tensor(inputs(s), {s.batch, s.sizes[0]}, t);
    if (s.loss == Loss::mse)
      y = tensor(targets(s), {s.batch, s.sizes.back()}, t);
    else {
      auto l = labels(s);
      y = torch::tensor(std::vector<int64_t>(l.begin(), l.end()), torch::kInt64);
    }
    auto p = net->parameters();
    if (s.update == Update::adam)
      opt = std::make_unique<torch::optim::Adam>(p, torch::optim::AdamOptions(s.rate));
    else
      opt = std::make_unique<torch::optim::SGD>(
          p, torch::optim::SGDOptions(s.rate).momentum(s.update == Update::momentum ? 0.9 : 0));
  }
  torch::Tensor forward() {
    auto o = net->forward(x);
    return s.loss == Loss::mse ? F::mse_loss(o, y) : F::cross_entropy(o, y);
  }
  void step() override {
    opt->zero_grad();
    loss_ = forward();
    loss_.backward();
    opt->step();
  }
  double loss() override { return loss_.item<double>(); }
  std::vector<double> gradient() override {
    std::vector<double> g;
    for (auto& p : net->parameters()) append(g, p.grad());
    return g;
  }
};

struct Chain : Case {  // w6
  torch::Tensor x, y;
  explicit Chain(torch::ScalarType t) : x(tensor(chain_inputs(), {int64_t(kChain)}, t).requires_grad_()) {}
  void step() override {
    x.mutable_grad().reset();
    y = (torch::tanh(x) * torch::exp(-x * x) + torch::sin(x)).sum();
    y.backward();
  }
  double loss() override { return y.item<double>(); }
  std::vector<double> gradient() override {
    std::vector<double> g;
    append(g, x.grad());
    return g;
  }
};

struct Hvp : Train {  // w7h: gradient of (gradient . v)
  std::vector<torch::Tensor> v, h, p;
  torch::Tensor vhv;
  Hvp(const Net& sp, torch::ScalarType t) : Train(sp, t), p(net->parameters()) {
    auto all = direction(sp);
    std::size_t o = 0;
    for (auto& q : p) v.push_back(tensor({all.begin() + o, all.begin() + o + q.numel()}, q.sizes(), t)), o += q.numel();
  }
  void step() override {
    auto g = torch::autograd::grad({forward()}, p, {}, true, true);
    h = torch::autograd::grad(g, p, v);  // the vector enters as the outer gradient: no dot products needed
  }
  double loss() override {
    double d = 0;
    for (std::size_t i = 0; i < h.size(); ++i) d += (h[i] * v[i]).sum().item<double>();
    return d;
  }
  std::vector<double> gradient() override {
    std::vector<double> g;
    for (auto& q : h) append(g, q);
    return g;
  }
};

struct Pinn : Case {  // w7p
  Net s;
  Model net;
  torch::Tensor x, loss_;
  std::vector<torch::Tensor> p, g;
  Pinn(const Net& spec, torch::ScalarType t)
      : s(spec), net(s, t), x(tensor(inputs(s), {s.batch, 2}, t).requires_grad_()), p(net->parameters()) {}
  void step() override {
    auto u = net->forward(x);
    auto du = torch::autograd::grad({u}, {x}, {torch::ones_like(u)}, true, true)[0];
    auto ux = du.select(1, 0), ut = du.select(1, 1);
    auto uxx = torch::autograd::grad({ux}, {x}, {torch::ones_like(ux)}, true, true)[0].select(1, 0);
    loss_ = (uxx - ut).square().mean();
    g = torch::autograd::grad({loss_}, p, {}, {}, false, true);
  }
  double loss() override { return loss_.item<double>(); }
  std::vector<double> gradient() override {
    std::vector<double> r;
    for (std::size_t i = 0; i < g.size(); ++i) append(r, g[i].defined() ? g[i] : torch::zeros_like(p[i]));
    return r;
  }
};

struct Rosenbrock : Case {  // w8, vectorised
  torch::Tensor x = tensor(rosenbrock_inputs(), {kRosenbrock}, torch::kFloat64).requires_grad_(), y;
  void step() override {
    x.mutable_grad().reset();
    auto lo = x.slice(0, 0, kRosenbrock - 1), hi = x.slice(0, 1, kRosenbrock);
    y = (100 * (hi - lo * lo).square() + (1 - lo).square()).sum();
    y.backward();
  }
  double loss() override { return y.item<double>(); }
  std::vector<double> gradient() override {
    std::vector<double> g;
    append(g, x.grad());
    return g;
  }
};
struct Predict : Train {
  using Train::Train;
  torch::Tensor out;
  void step() override {
    torch::NoGradGuard no;
    out = net->forward(x);
  }
  double loss() override { return out[0][0].item<double>(); }
  std::vector<double> gradient() override {
    std::vector<double> r;
    append(r, out);
    return r;
  }
};
}  // namespace

std::unique_ptr<Case> make(std::string_view workload, std::string_view type) {
  const auto t = type == "f32" ? torch::kFloat32 : torch::kFloat64;
  Net s;
  if (workload == "W6") return std::make_unique<Chain>(t);
  if (workload == "W8") return type == "f64" ? std::make_unique<Rosenbrock>() : nullptr;
  if (!find_net(workload, s)) return nullptr;
  if (workload == "W7h") return std::make_unique<Hvp>(s, t);
  if (workload == "W7p") return std::make_unique<Pinn>(s, t);
  if (workload == "P1" || workload == "P2") return std::make_unique<Predict>(s, t);
  return std::make_unique<Train>(s, t);
}

Implementation libtorch() {
  return {make, [](int n) {
            torch::set_num_threads(n);
#ifdef WENGERT_BENCH_BLAS
            manual().set_threads(n);  // its products are those of the same BLAS, which counts its own
#endif
          }};
}

}  // namespace bench
