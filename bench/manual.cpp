// The opponent: backprop by hand on CBLAS (OpenBLAS). Everything preallocated, bias + activation fused in one pass,
// delta . act' + bias gradient fused in one pass, the optimiser one pass over flat arrays; exp/tanh/sin vectorised by
// the compiler (-O3 -march=native -ffast-math, glibc's libmvec). Tiny W1: compile-time sizes, plain loops.
#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "bench/workload.hpp"

namespace bench {
namespace {

constexpr std::size_t parallel_from = 16384;  // elements; below that one thread does the loop
int threads = 1;

// f(first, last, thread) over rows; no parallel region at all for small work (libgomp allocates in each)
template <class F>
void split(std::size_t rows, std::size_t work, F f) {
  if (threads == 1 || work < parallel_from) return f(std::size_t(0), rows, 0);
#pragma omp parallel num_threads(threads)
  {
    const std::size_t t = omp_get_thread_num(), each = ((rows + threads - 1) / threads + 15) / 16 * 16;
    f(std::min(rows, t * each), std::min(rows, (t + 1) * each), int(t));
  }
}

void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float* a, int lda,
          const float* b, int ldb, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, 0, c, ldc);
}
void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const double* a, int lda,
          const double* b, int ldb, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, 0, c, ldc);
}
void gemv(int n, int k, const float* w, const float* x, float* y) {
  cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1, w, k, x, 1, 0, y, 1);
}
void gemv(int n, int k, const double* w, const double* x, double* y) {
  cblas_dgemv(CblasRowMajor, CblasNoTrans, n, k, 1, w, k, x, 1, 0, y, 1);
}
// c(m x n) = a(m x k) b(n x k)^T ; = a(m x k) b(k x n) ; = a(k x m)^T b(k x n)
template <class T>
void nt(int m, int n, int k, const T* a, const T* b, T* c) {
  gemm(CblasNoTrans, CblasTrans, m, n, k, T(1), a, k, b, k, c, n);
}
template <class T>
void nn(int m, int n, int k, const T* a, const T* b, T* c) {
  gemm(CblasNoTrans, CblasNoTrans, m, n, k, T(1), a, k, b, n, c, n);
}
template <class T>
void tn(int m, int n, int k, const T* a, const T* b, T* c) {
  gemm(CblasTrans, CblasNoTrans, m, n, k, T(1), a, m, b, n, c, n);
}

template <class T>
void copy_to(std::vector<double>& out, const T* p, std::size_t n) {
  out.insert(out.end(), p, p + n);
}

template <Activation A, class T>
inline T act(T z) {
  if constexpr (A == Activation::relu)
    return z > 0 ? z : T(0);
  else if constexpr (A == Activation::sigmoid)
    return T(1) / (T(1) + std::exp(-z));
  else
    return std::tanh(z);
}
template <Activation A, class T>
inline T slope(T a) {  // from the activation's value
  if constexpr (A == Activation::relu)
    return a > 0 ? T(1) : T(0);
  else if constexpr (A == Activation::sigmoid)
    return a * (T(1) - a);
  else
    return T(1) - a * a;
}
// z += b row by row, then the activation
template <Activation A, bool Apply, class T>
void bias_act(T* __restrict z, const T* __restrict b, int rows, int cols) {
  split(rows, std::size_t(rows) * cols, [=](std::size_t first, std::size_t last, int) {
    for (std::size_t i = first; i < last; ++i) {
      T* __restrict r = z + i * cols;
      const T* __restrict q = b;
#pragma omp simd
      for (int j = 0; j < cols; ++j) r[j] = Apply ? act<A>(r[j] + q[j]) : r[j] + q[j];
    }
  });
}
// d *= act'(a), db = column sums of d
template <Activation A, class T>
void back_act(T* __restrict d, const T* __restrict a, T* __restrict db, int rows, int cols) {
  static std::vector<T> other(1 << 16);  // the second and later threads' sums
  std::fill(db, db + cols, T(0));
  std::fill(other.begin(), other.begin() + (threads - 1) * cols, T(0));
  split(rows, std::size_t(rows) * cols, [=](std::size_t first, std::size_t last, int t) {
    T* __restrict sum = t ? other.data() + (t - 1) * cols : db;
    for (std::size_t i = first; i < last; ++i) {
      T* __restrict r = d + i * cols;
      const T* __restrict s = a + i * cols;
#pragma omp simd
      for (int j = 0; j < cols; ++j) sum[j] += r[j] *= slope<A>(s[j]);
    }
  });
  for (int t = 0; t + 1 < threads; ++t)
    for (int j = 0; j < cols; ++j) db[j] += other[t * cols + j];
}
template <class T>
void column_sums(const T* __restrict d, T* __restrict db, int rows, int cols) {
  std::fill(db, db + cols, T(0));
  for (int i = 0; i < rows; ++i)
#pragma omp simd
    for (int j = 0; j < cols; ++j) db[j] += d[std::size_t(i) * cols + j];
}

template <class T, Activation A>
struct Mlp : Case {
  Net s;
  int L;
  std::vector<T> p, g, m, v, x, y;
  std::vector<int> lab;
  std::vector<std::vector<T>> a, d;  // activations a[0..L] (a[0] unused: x), deltas d[1..L]
  std::vector<std::size_t> w, b;     // offsets of each layer's weights and biases
  double loss_ = 0;
  long t = 0;

  explicit Mlp(const Net& spec)
      : s(spec), L(s.layers()), p(cast<T>(initial_parameters(s))), g(p.size()), x(cast<T>(inputs(s))) {
    if (s.update != Update::sgd) m.resize(p.size());
    if (s.update == Update::adam) v.resize(p.size());
    if (s.loss == Loss::mse)
      y = cast<T>(targets(s));
    else
      lab = labels(s);
    a.resize(L + 1), d.resize(L + 1);
    std::size_t o = 0;
    for (int l = 0; l < L; ++l) {
      w.push_back(o), o += std::size_t(s.sizes[l]) * s.sizes[l + 1];
      b.push_back(o), o += s.sizes[l + 1];
      a[l + 1].resize(std::size_t(s.batch) * s.sizes[l + 1]);
      d[l + 1].resize(a[l + 1].size());
    }
  }
  const T* in(int l) const { return l ? a[l].data() : x.data(); }

  void differentiate() {
    const int B = s.batch, C = s.sizes[L];
    for (int l = 0; l < L; ++l) {
      nt(B, s.sizes[l + 1], s.sizes[l], in(l), &p[w[l]], a[l + 1].data());
      if (l + 1 < L || s.activation_on_output)
        bias_act<A, true>(a[l + 1].data(), &p[b[l]], B, s.sizes[l + 1]);
      else
        bias_act<A, false>(a[l + 1].data(), &p[b[l]], B, s.sizes[l + 1]);
    }
    const T* o = a[L].data();
    T* e = d[L].data();
    if (s.loss == Loss::mse) {
      T sum = 0;
      const T k = T(2) / T(B * C);
      const T* t_ = y.data();
#pragma omp simd reduction(+ : sum)
      for (int i = 0; i < B * C; ++i) {
        const T r = o[i] - t_[i];
        sum += r * r;
        e[i] = k * r;
      }
      loss_ = double(sum) / (B * C);
    } else {
      T sum = 0;
      for (int i = 0; i < B; ++i) {
        const T* r = o + std::size_t(i) * C;
        T* q = e + std::size_t(i) * C;
        T top = r[0], z = 0;
        for (int j = 1; j < C; ++j) top = std::max(top, r[j]);
#pragma omp simd reduction(+ : z)
        for (int j = 0; j < C; ++j) z += q[j] = std::exp(r[j] - top);
        const T k = T(1) / (z * T(B));
        for (int j = 0; j < C; ++j) q[j] *= k;
        q[lab[i]] -= T(1) / T(B);
        sum += std::log(z) + top - r[lab[i]];
      }
      loss_ = double(sum) / B;
    }
    if (s.activation_on_output)
      back_act<A>(e, o, &g[b[L - 1]], B, C);
    else
      column_sums(e, &g[b[L - 1]], B, C);
    for (int l = L - 1; l >= 0; --l) {
      tn(s.sizes[l + 1], s.sizes[l], B, d[l + 1].data(), in(l), &g[w[l]]);
      if (!l) break;
      nn(B, s.sizes[l], s.sizes[l + 1], d[l + 1].data(), &p[w[l]], d[l].data());
      back_act<A>(d[l].data(), a[l].data(), &g[b[l - 1]], B, s.sizes[l]);
    }
  }
  void update() {
    const std::size_t n = p.size();
    const T lr = T(s.rate);
    if (s.update == Update::adam) ++t;
    const T rate = T(s.rate / (1 - std::pow(0.9, t))), c2 = T(1 / std::sqrt(1 - std::pow(0.999, t)));
    split(n, n, [=, this](std::size_t first, std::size_t last, int) {
      T* __restrict P = p.data();
      const T* __restrict G = g.data();
      T* __restrict M = m.data();
      T* __restrict V = v.data();
      if (s.update == Update::sgd) {
#pragma omp simd
        for (std::size_t i = first; i < last; ++i) P[i] -= lr * G[i];
      } else if (s.update == Update::momentum) {
#pragma omp simd
        for (std::size_t i = first; i < last; ++i) P[i] -= lr * (M[i] = T(0.9) * M[i] + G[i]);
      } else {
#pragma omp simd
        for (std::size_t i = first; i < last; ++i) {
          M[i] = T(0.9) * M[i] + T(0.1) * G[i];
          V[i] = T(0.999) * V[i] + T(0.001) * G[i] * G[i];
          P[i] -= rate * M[i] / (std::sqrt(V[i]) * c2 + T(1e-8));
        }
      }
    });
  }
  void step() override { differentiate(), update(); }
  double loss() override { return loss_; }
  std::vector<double> gradient() override { return {g.begin(), g.end()}; }
};

// w1 with every size known to the compiler; hidden units or the batch fill the vector registers
template <class T, int B>
struct Tiny : Case {
  static constexpr int H = 16;
  T w0[2][H], b0[H], w1[H], b1;  // w0 is kept transposed
  T g0[2][H], gb0[H], g1[H], gb1 = 0;
  T x[2][B], y[B], lr;
  T loss_ = 0;
  explicit Tiny(const Net& s) {
    auto p = cast<T>(initial_parameters(s));
    for (int j = 0; j < H; ++j) w0[0][j] = p[2 * j], w0[1][j] = p[2 * j + 1], b0[j] = p[32 + j], w1[j] = p[48 + j];
    b1 = p[64];
    auto in = cast<T>(inputs(s)), t = cast<T>(targets(s));
    for (int i = 0; i < B; ++i) x[0][i] = in[2 * i], x[1][i] = in[2 * i + 1], y[i] = t[i];
    lr = T(s.rate);
  }
  void step() override {
    alignas(64) T h[H][B], o[B];
    if constexpr (B == 1) {
      T z = b1;
#pragma omp simd reduction(+ : z)
      for (int j = 0; j < H; ++j) {
        h[j][0] = act<Activation::sigmoid>(w0[0][j] * x[0][0] + w0[1][j] * x[1][0] + b0[j]);
        z += w1[j] * h[j][0];
      }
      o[0] = T(1) / (T(1) + std::exp(-z));
    } else {
      for (int i = 0; i < B; ++i) o[i] = b1;
      for (int j = 0; j < H; ++j)
#pragma omp simd
        for (int i = 0; i < B; ++i) {
          h[j][i] = act<Activation::sigmoid>(w0[0][j] * x[0][i] + w0[1][j] * x[1][i] + b0[j]);
          o[i] += w1[j] * h[j][i];
        }
#pragma omp simd
      for (int i = 0; i < B; ++i) o[i] = act<Activation::sigmoid>(o[i]);
    }
    T sum = 0, gb = 0;
    alignas(64) T e[B];
#pragma omp simd reduction(+ : sum, gb)
    for (int i = 0; i < B; ++i) {
      const T r = o[i] - y[i];
      sum += r * r;
      e[i] = T(2) / T(B) * r * o[i] * (T(1) - o[i]);
      gb += e[i];
    }
    loss_ = sum / T(B), gb1 = gb;
    if constexpr (B == 1) {
#pragma omp simd
      for (int j = 0; j < H; ++j) {
        g1[j] = e[0] * h[j][0];
        const T q = e[0] * w1[j] * h[j][0] * (T(1) - h[j][0]);
        gb0[j] = q, g0[0][j] = q * x[0][0], g0[1][j] = q * x[1][0];
      }
    } else {
      for (int j = 0; j < H; ++j) {
        T s1 = 0, sb = 0, sx = 0, sy = 0;
#pragma omp simd reduction(+ : s1, sb, sx, sy)
        for (int i = 0; i < B; ++i) {
          s1 += e[i] * h[j][i];
          const T q = e[i] * w1[j] * h[j][i] * (T(1) - h[j][i]);
          sb += q, sx += q * x[0][i], sy += q * x[1][i];
        }
        g1[j] = s1, gb0[j] = sb, g0[0][j] = sx, g0[1][j] = sy;
      }
    }
#pragma omp simd
    for (int j = 0; j < H; ++j)
      w0[0][j] -= lr * g0[0][j], w0[1][j] -= lr * g0[1][j], b0[j] -= lr * gb0[j], w1[j] -= lr * g1[j];
    b1 -= lr * gb1;
  }
  double loss() override { return double(loss_); }
  std::vector<double> gradient() override {
    std::vector<double> r;
    for (int j = 0; j < H; ++j) r.push_back(g0[0][j]), r.push_back(g0[1][j]);
    copy_to(r, gb0, H), copy_to(r, g1, H), r.push_back(gb1);
    return r;
  }
};

template <class T>
struct Chain : Case {  // w6: value and derivative in one pass over memory
  std::vector<T> x = cast<T>(chain_inputs()), g = std::vector<T>(kChain);
  double y = 0;
  void step() override {
    T part[64] = {};
    split(kChain, kChain, [&](std::size_t first, std::size_t last, int thread) {
      const T* __restrict X = x.data();
      T* __restrict G = g.data();
      T sum = 0;
      for (std::size_t o = first; o < last;
           o += 1024) {  // two loops: sin and cos of one x would become a scalar sincos
        const std::size_t end = std::min(o + 1024, last);
#pragma omp simd reduction(+ : sum)
        for (std::size_t i = o; i < end; ++i) sum += std::sin(X[i]);
#pragma omp simd reduction(+ : sum)
        for (std::size_t i = o; i < end; ++i) {
          const T t = std::tanh(X[i]), e = std::exp(-X[i] * X[i]);
          sum += t * e;
          G[i] = e * (T(1) - t * t - T(2) * X[i] * t) + std::cos(X[i]);
        }
      }
      part[thread] = sum;
    });
    T sum = 0;
    for (T q : part) sum += q;
    y = double(sum);
  }
  double loss() override { return y; }
  std::vector<double> gradient() override { return {g.begin(), g.end()}; }
};

template <class T>
struct Hvp
    : Mlp<T, Activation::sigmoid> {  // w7h: Pearlmutter's R-operator through Mlp's gradient (one hidden layer or more)
  using M = Mlp<T, Activation::sigmoid>;
  using M::a, M::d, M::s, M::p, M::w, M::b, M::L;
  std::vector<T> vec, h;
  std::vector<std::vector<T>> ra, rd, tmp;
  double vhv = 0;
  explicit Hvp(const Net& sp) : M(sp), vec(cast<T>(direction(sp))), h(p.size()), ra(a), rd(d), tmp(d) {
    std::size_t big = 0;
    for (int l = 0; l < L; ++l) big = std::max(big, std::size_t(s.sizes[l]) * s.sizes[l + 1]);
    tmp[0].resize(big);
  }
  void step() override {
    this->differentiate();
    const int B = s.batch, C = s.sizes[L];
    for (int l = 0; l < L; ++l) {  // R forward: rz = x V^T + vb + rx W^T
      const int n = s.sizes[l + 1], k = s.sizes[l];
      T *z = ra[l + 1].data(), *q = tmp[l + 1].data();
      nt(B, n, k, this->in(l), &vec[w[l]], z);
      if (l) nt(B, n, k, ra[l].data(), &p[w[l]], q);
      const T *vb = &vec[b[l]], *A = a[l + 1].data();
      for (int i = 0; i < B; ++i)
#pragma omp simd
        for (int j = 0; j < n; ++j) {
          const std::size_t o = std::size_t(i) * n + j;
          T r = z[o] + vb[j] + (l ? q[o] : T(0));
          if (l + 1 < L) r *= A[o] * (T(1) - A[o]);
          z[o] = r;
        }
    }
    for (int i = 0; i < B; ++i) {  // R softmax: r delta = p (rz - p.rz) / B; p/B = delta + onehot/B
      const T *rz = &ra[L][std::size_t(i) * C], *e = &d[L][std::size_t(i) * C];
      T* q = &rd[L][std::size_t(i) * C];
      T dot = 0;
      for (int j = 0; j < C; ++j) q[j] = e[j] + (j == this->lab[i] ? T(1) / T(B) : T(0)), dot += q[j] * rz[j];
      dot *= T(B);
      for (int j = 0; j < C; ++j) q[j] *= rz[j] - dot;
    }
    column_sums(rd[L].data(), &h[b[L - 1]], B, C);
    for (int l = L - 1; l >= 0; --l) {  // R backward
      const int n = s.sizes[l + 1], k = s.sizes[l];
      tn(n, k, B, rd[l + 1].data(), this->in(l), &h[w[l]]);
      if (!l) break;
      tn(n, k, B, d[l + 1].data(), ra[l].data(), tmp[0].data());
      T* hw = &h[w[l]];
#pragma omp simd
      for (int i = 0; i < n * k; ++i) hw[i] += tmp[0][i];
      nn(B, k, n, rd[l + 1].data(), &p[w[l]], rd[l].data());  // r of the error before act'
      nn(B, k, n, d[l + 1].data(), &vec[w[l]], tmp[l].data());
      T *q = rd[l].data(), *e = tmp[l].data(), *D = d[l].data(), *A = a[l].data(), *R = ra[l].data(),
        *hb = &h[b[l - 1]];
      std::fill(hb, hb + k, T(0));
      for (int i = 0; i < B; ++i)
#pragma omp simd
        for (int j = 0; j < k; ++j) {
          const std::size_t o = std::size_t(i) * k + j;
          const T sl = A[o] * (T(1) - A[o]);
          // d = err * sl, so err * (1 - 2a) * ra = d / sl * (1 - 2a) * ra, and ra = sl * rz
          const T r = (q[o] + e[o]) * sl + D[o] * (T(1) - T(2) * A[o]) * (R[o] / sl);
          q[o] = r, hb[j] += r;
        }
    }
    T dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::size_t i = 0; i < h.size(); ++i) dot += h[i] * vec[i];
    vhv = double(dot);
  }
  double loss() override { return vhv; }
  std::vector<double> gradient() override { return {h.begin(), h.end()}; }
};

template <class T>
struct Pinn : Case {  // w7p: (u, u_x, u_xx, u_t) stacked into one matrix per layer, then reversed by hand
  Net s;
  int L = s.layers(), B = s.batch;
  std::vector<T> p = cast<T>(initial_parameters(s)), g = std::vector<T>(p.size()),
                 x = std::vector<T>(std::size_t(4) * B * 2);
  std::vector<std::vector<T>> z, a, d;  // 4B x n: blocks value, x, xx, t
  std::vector<std::size_t> w, b;
  double loss_ = 0;
  explicit Pinn(const Net& net) : s(net), z(L + 1), a(L + 1), d(L + 1) {
    auto in = cast<T>(inputs(s));
    std::copy(in.begin(), in.end(), x.begin());
    for (int i = 0; i < B; ++i) x[std::size_t(2) * (B + i)] = 1, x[std::size_t(2) * (3 * B + i) + 1] = 1;
    std::size_t o = 0;
    for (int l = 0; l < L; ++l) {
      w.push_back(o), o += std::size_t(s.sizes[l]) * s.sizes[l + 1];
      b.push_back(o), o += s.sizes[l + 1];
      z[l + 1].resize(std::size_t(4) * B * s.sizes[l + 1]);
      a[l + 1] = d[l + 1] = z[l + 1];
    }
  }
  const T* in(int l) const { return l ? a[l].data() : x.data(); }
  void step() override {
    for (int l = 0; l < L; ++l) {
      const int n = s.sizes[l + 1];
      nt(4 * B, n, s.sizes[l], in(l), &p[w[l]], z[l + 1].data());
      if (l + 1 == L) break;
      const std::size_t N = std::size_t(B) * n;
      const T* __restrict Z = z[l + 1].data(), * __restrict bb = &p[b[l]];
      T* __restrict A = a[l + 1].data();
      split(B, N, [=](std::size_t first, std::size_t last, int) {
        for (std::size_t i = first; i < last; ++i)
#pragma omp simd
          for (int j = 0; j < n; ++j) {
            const std::size_t o = i * n + j;
            const T t = std::tanh(Z[o] + bb[j]), s1 = T(1) - t * t, zx = Z[N + o];
            A[o] = t, A[N + o] = s1 * zx;
            A[2 * N + o] = s1 * (Z[2 * N + o] - T(2) * t * zx * zx);
            A[3 * N + o] = s1 * Z[3 * N + o];
          }
      });
    }
    const T* u = z[L].data();
    T* e = d[L].data();
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < B; ++i) {
      const T r = u[2 * B + i] - u[3 * B + i];
      sum += r * r;
      e[2 * B + i] = T(2) / T(B) * r, e[3 * B + i] = -T(2) / T(B) * r;
    }
    loss_ = double(sum) / B;
    for (int l = L - 1; l >= 0; --l) {
      const int n = s.sizes[l + 1], k = s.sizes[l];
      column_sums(d[l + 1].data(), &g[b[l]], B, n);
      tn(n, k, 4 * B, d[l + 1].data(), in(l), &g[w[l]]);
      if (!l) break;
      nn(4 * B, k, n, d[l + 1].data(), &p[w[l]], d[l].data());
      const std::size_t N = std::size_t(B) * k;
      T* __restrict D = d[l].data();
      const T* __restrict Z = z[l].data(), * __restrict A = a[l].data();
      split(N, N, [=](std::size_t first, std::size_t last, int) {
#pragma omp simd
        for (std::size_t o = first; o < last; ++o) {
          const T t = A[o], s1 = T(1) - t * t, s2 = T(-2) * t * s1, s3 = s1 * (T(6) * t * t - T(2));
          const T zx = Z[N + o], zxx = Z[2 * N + o], zt = Z[3 * N + o];
          const T dv = D[o], dx = D[N + o], dxx = D[2 * N + o], dt = D[3 * N + o];
          D[o] = s1 * dv + s2 * (zx * dx + zxx * dxx + zt * dt) + s3 * zx * zx * dxx;
          D[N + o] = s1 * dx + T(2) * s2 * zx * dxx;
          D[2 * N + o] = s1 * dxx;
          D[3 * N + o] = s1 * dt;
        }
      });
    }
  }
  double loss() override { return loss_; }
  std::vector<double> gradient() override { return {g.begin(), g.end()}; }
};

struct Rosenbrock : Case {  // w8
  std::vector<double> x = rosenbrock_inputs(), g = std::vector<double>(kRosenbrock);
  double f = 0;
  void step() override {
    double sum = 0;
    std::fill(g.begin(), g.end(), 0.0);
    double* __restrict G = g.data();
    const double* __restrict X = x.data();
    const int n = kRosenbrock;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n - 1; ++i) {
      const double q = X[i + 1] - X[i] * X[i], r = 1 - X[i];
      sum += 100 * q * q + r * r;
      G[i] = -400 * X[i] * q - 2 * r;
    }
#pragma omp simd
    for (int i = 1; i < n; ++i) G[i] += 200 * (X[i] - X[i - 1] * X[i - 1]);
    f = sum;
  }
  double loss() override { return f; }
  std::vector<double> gradient() override { return g; }
};

/// Outputs for one sample: a matrix times a vector per layer.
template <class T, Activation A>
struct Predict : Case {
  Net s;
  std::vector<T> p = cast<T>(initial_parameters(s)), x = cast<T>(inputs(s));
  std::vector<std::vector<T>> a;
  explicit Predict(const Net& net) : s(net) {
    for (const int n : s.sizes) a.emplace_back(n);
    a[0] = x;
  }
  void step() override {
    const T* w = p.data();
    for (int l = 0; l < s.layers(); ++l) {
      const int n = s.sizes[l + 1], k = s.sizes[l];
      T* __restrict z = a[l + 1].data();
      const T* __restrict b = w + std::size_t(n) * k;
      gemv(n, k, w, a[l].data(), z);
      const bool last = l + 1 == s.layers();
#pragma omp simd
      for (int j = 0; j < n; ++j) z[j] = last ? z[j] + b[j] : act<A>(z[j] + b[j]);
      w = b + n;
    }
  }
  double loss() override { return a.back()[0]; }
  std::vector<double> gradient() override { return {a.back().begin(), a.back().end()}; }
};

template <class T>
std::unique_ptr<Case> make(std::string_view workload) {
  Net s;
  if (workload == "W6") return std::make_unique<Chain<T>>();
  if (workload == "W8") return std::is_same_v<T, double> ? std::make_unique<Rosenbrock>() : nullptr;
  if (!find_net(workload, s)) return nullptr;
  if (workload == "W1b1") return std::make_unique<Tiny<T, 1>>(s);
  if (workload == "W1b32") return std::make_unique<Tiny<T, 32>>(s);
  if (workload == "W7h") return std::make_unique<Hvp<T>>(s);
  if (workload == "W7p") return std::make_unique<Pinn<T>>(s);
  if (workload == "P1") return std::make_unique<Predict<T, Activation::sigmoid>>(s);
  if (workload == "P2") return std::make_unique<Predict<T, Activation::relu>>(s);
  if (s.activation == Activation::sigmoid) return std::make_unique<Mlp<T, Activation::sigmoid>>(s);
  if (s.activation == Activation::relu) return std::make_unique<Mlp<T, Activation::relu>>(s);
  return std::make_unique<Mlp<T, Activation::tanh>>(s);
}
}  // namespace

Implementation manual() {
  return {[](std::string_view workload, std::string_view type) {
            return type == "f32" ? make<float>(workload) : make<double>(workload);
          },
          [](int n) {
            threads = n;
            omp_set_num_threads(n);
            openblas_set_num_threads(n);
          }};
}

}  // namespace bench
