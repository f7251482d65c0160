// The opponent: backprop by hand on Eigen 3.4, idiomatic but careful: preallocated, noalias() products, one
// expression per elementwise pass, optimiser in L1-sized segments. Tiny w1: compile-time sizes.
// Threads: Eigen's own OpenMP products; its elementwise code is serial.
#define EIGEN_STACK_ALLOCATION_LIMIT (3 << 20)  // products take their packing buffers from the stack, not the heap
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

#include "bench/workload.hpp"

namespace bench {
namespace {

template <class T>
using Mat = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Row = Eigen::Matrix<T, 1, Eigen::Dynamic>;
template <class T>
using Vec = Eigen::Array<T, Eigen::Dynamic, 1>;

template <Activation A, class E>
auto act(const E& z) {
  using T = typename E::Scalar;
  if constexpr (A == Activation::relu)
    return z.max(T(0));
  else if constexpr (A == Activation::sigmoid)
    return z.logistic();
  else if constexpr (std::is_same_v<T, float>)
    return z.tanh();
  else
    return T(1) - T(2) / ((T(2) * z).exp() + T(1));  // Eigen 3.4 has no SIMD tanh for double
}
template <Activation A, class T>
void times_slope(Mat<T>& d, const Mat<T>& a) {
  if constexpr (A == Activation::relu)
    d.array() = (a.array() > T(0)).select(d.array(), T(0));
  else if constexpr (A == Activation::sigmoid)
    d.array() *= a.array() * (T(1) - a.array());
  else
    d.array() *= T(1) - a.array().square();
}

template <class T, Activation A>
struct Mlp : Case {
  Net s;
  int L;
  Vec<T> p, g, m, v;
  Mat<T> x, y;
  std::vector<int> lab;
  std::vector<Mat<T>> a, d;
  std::vector<Eigen::Map<Mat<T>>> W, dW;
  std::vector<Eigen::Map<Row<T>>> b, db;
  double loss_ = 0;
  long t = 0;
  explicit Mlp(const Net& spec) : s(spec), L(s.layers()) {
    auto q = cast<T>(initial_parameters(s));
    p = Eigen::Map<Vec<T>>(q.data(), q.size());
    g = m = v = Vec<T>::Zero(p.size());
    auto in = cast<T>(inputs(s));
    x = Eigen::Map<Mat<T>>(in.data(), s.batch, s.sizes[0]);
    if (s.loss == Loss::mse) {
      auto o = cast<T>(targets(s));
      y = Eigen::Map<Mat<T>>(o.data(), s.batch, s.sizes[L]);
    } else
      lab = labels(s);
    a.resize(L + 1), d.resize(L + 1);
    T *P = p.data(), *G = g.data();
    for (int l = 0; l < L; ++l) {
      const int n = s.sizes[l + 1], k = s.sizes[l];
      W.emplace_back(P, n, k), dW.emplace_back(G, n, k), P += n * k, G += n * k;
      b.emplace_back(P, n), db.emplace_back(G, n), P += n, G += n;
      a[l + 1].resize(s.batch, n), d[l + 1].resize(s.batch, n);
    }
  }
  const Mat<T>& in(int l) const { return l ? a[l] : x; }
  void step() override {
    for (int l = 0; l < L; ++l) {
      a[l + 1].noalias() = in(l)*W[l].transpose();
      if (l + 1 < L || s.activation_on_output)
        a[l + 1].array() = act<A>((a[l + 1].rowwise() + b[l]).array());
      else
        a[l + 1].rowwise() += b[l];
    }
    if (s.loss == Loss::mse) {
      const T k = T(1) / T(y.size());
      d[L] = a[L] - y;
      loss_ = double(d[L].squaredNorm() * k);
      d[L] *= T(2) * k;
    } else {
      T sum = 0;
      for (int i = 0; i < s.batch; ++i) {
        const T top = a[L].row(i).maxCoeff();
        d[L].row(i).array() = (a[L].row(i).array() - top).exp();
        const T z = d[L].row(i).sum();
        d[L].row(i) *= T(1) / (z * T(s.batch));
        d[L](i, lab[i]) -= T(1) / T(s.batch);
        sum += std::log(z) + top - a[L](i, lab[i]);
      }
      loss_ = double(sum) / s.batch;
    }
    if (s.activation_on_output) times_slope<A>(d[L], a[L]);
    for (int l = L - 1; l >= 0; --l) {
      dW[l].noalias() = d[l + 1].transpose() * in(l);
      db[l] = d[l + 1].colwise().sum();
      if (!l) break;
      d[l].noalias() = d[l + 1] * W[l];
      times_slope<A>(d[l], a[l]);
    }
    ++t;
    const T rate = T(s.rate / (1 - std::pow(0.9, t))), c2 = T(1 / std::sqrt(1 - std::pow(0.999, t))), lr = T(s.rate);
    for (Eigen::Index o = 0; o < p.size(); o += 2048) {
      const auto n = std::min<Eigen::Index>(2048, p.size() - o);
      auto P = p.segment(o, n), G = g.segment(o, n), M = m.segment(o, n), V = v.segment(o, n);
      if (s.update == Update::sgd)
        P -= lr * G;
      else if (s.update == Update::momentum)
        M = T(0.9) * M + G, P -= lr * M;
      else {
        M = T(0.9) * M + T(0.1) * G;
        V = T(0.999) * V + T(0.001) * G.square();
        P -= rate * M / (V.sqrt() * c2 + T(1e-8));
      }
    }
  }
  double loss() override { return loss_; }
  std::vector<double> gradient() override { return {g.data(), g.data() + g.size()}; }
};

template <class T, int B>
struct Tiny : Case {
  Eigen::Matrix<T, 16, 2> w0, g0;
  Eigen::Matrix<T, 16, 1> b0, w1, gb0, g1;
  Eigen::Matrix<T, 2, B, B == 1 ? 0 : Eigen::RowMajor> x;
  Eigen::Matrix<T, 1, B> y;
  T b1, gb1 = 0, lr, loss_ = 0;
  explicit Tiny(const Net& s) : lr(T(s.rate)) {
    auto p = cast<T>(initial_parameters(s));
    auto in = cast<T>(inputs(s)), t = cast<T>(targets(s));
    for (int j = 0; j < 16; ++j) w0(j, 0) = p[2 * j], w0(j, 1) = p[2 * j + 1], b0(j) = p[32 + j], w1(j) = p[48 + j];
    b1 = p[64];
    for (int i = 0; i < B; ++i) x(0, i) = in[2 * i], x(1, i) = in[2 * i + 1], y(i) = t[i];
  }
  void step() override {
    Eigen::Matrix<T, 16, B, B == 1 ? 0 : Eigen::RowMajor> h, e;
    h.array() = ((w0.lazyProduct(x)).colwise() + b0).array().logistic();
    Eigen::Matrix<T, 1, B> o, q;
    o.noalias() = w1.transpose().lazyProduct(h);
    o.array() = (o.array() + b1).logistic();
    q = o - y;
    loss_ = q.squaredNorm() / T(B);
    q.array() *= (T(2) / T(B)) * o.array() * (T(1) - o.array());
    g1.noalias() = h.lazyProduct(q.transpose());
    gb1 = q.sum();
    e.array() = w1.lazyProduct(q).array() * h.array() * (T(1) - h.array());
    g0.noalias() = e.lazyProduct(x.transpose());
    gb0 = e.rowwise().sum();
    w0 -= lr * g0, b0 -= lr * gb0, w1 -= lr * g1, b1 -= lr * gb1;
  }
  double loss() override { return double(loss_); }
  std::vector<double> gradient() override {
    std::vector<double> r;
    for (int j = 0; j < 16; ++j) r.push_back(g0(j, 0)), r.push_back(g0(j, 1));
    r.insert(r.end(), gb0.data(), gb0.data() + 16), r.insert(r.end(), g1.data(), g1.data() + 16), r.push_back(gb1);
    return r;
  }
};

template <class T>
struct Chain : Case {  // w6, in segments so that the intermediate expressions stay in L1
  Vec<T> x, g;
  double y = 0;
  Chain() : g(kChain) {
    auto v = cast<T>(chain_inputs());
    x = Eigen::Map<Vec<T>>(v.data(), v.size());
  }
  void step() override {
    Eigen::Array<T, 1024, 1> tb, eb;
    double sum = 0;
    for (Eigen::Index o = 0; o < x.size(); o += 1024) {
      const auto n = std::min<Eigen::Index>(1024, x.size() - o);
      auto X = x.segment(o, n), G = g.segment(o, n);
      auto t = tb.head(n), e = eb.head(n);
      t = act<Activation::tanh>(X);
      e = (-X.square()).exp();
      sum += double((t * e + X.sin()).sum());
      G = e * (T(1) - t.square() - T(2) * X * t) + X.cos();
    }
    y = sum;
  }
  double loss() override { return y; }
  std::vector<double> gradient() override { return {g.data(), g.data() + g.size()}; }
};

/// Outputs for one sample.
template <class T, Activation A>
struct Predict : Mlp<T, A> {
  using Mlp<T, A>::Mlp;
  void step() override {
    for (int l = 0; l < this->L; ++l) {
      this->a[l + 1].noalias() = this->in(l) * this->W[l].transpose();
      this->a[l + 1].row(0) += this->b[l];
      if (l + 1 < this->L) this->a[l + 1].array() = act<A>(this->a[l + 1].array());
    }
  }
  double loss() override { return this->a[this->L](0, 0); }
  std::vector<double> gradient() override {
    return {this->a[this->L].data(), this->a[this->L].data() + this->a[this->L].size()};
  }
};

template <class T>
std::unique_ptr<Case> make(std::string_view workload) {
  Net s;
  if (workload == "W6") return std::make_unique<Chain<T>>();
  if (workload == "W7h" || workload == "W7p" || !find_net(workload, s)) return nullptr;
  if (workload == "W1b1") return std::make_unique<Tiny<T, 1>>(s);
  if (workload == "W1b32") return std::make_unique<Tiny<T, 32>>(s);
  if (workload == "P1") return std::make_unique<Predict<T, Activation::sigmoid>>(s);
  if (workload == "P2") return std::make_unique<Predict<T, Activation::relu>>(s);
  if (s.activation == Activation::sigmoid) return std::make_unique<Mlp<T, Activation::sigmoid>>(s);
  if (s.activation == Activation::relu) return std::make_unique<Mlp<T, Activation::relu>>(s);
  return std::make_unique<Mlp<T, Activation::tanh>>(s);
}
}  // namespace

Implementation manual_eigen() {
  return {[](std::string_view workload, std::string_view type) {
            return type == "f32" ? make<float>(workload) : make<double>(workload);
          },
          [](int n) { Eigen::setNbThreads(n); }};
}

}  // namespace bench
