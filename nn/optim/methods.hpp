/// The methods of optimisation, each as its formula. w parameter, g gradient, η rate, t step from 1; all operations are
/// elementwise. A new method is one struct here and one word in the list at the end.
#pragma once

#include <cmath>
#include <tuple>

#include "nn/optim/update.hpp"

namespace wengert::nn {

/// 1 - βᵗ, exact for β near 1: the weight that t steps of a running mean have gathered.
inline double gathered(double beta, double t) { return -std::expm1(t * std::log(beta)); }

/// η / (1 - βᵗ).
inline StepNumber unbiased_rate(double beta) {
  return [beta](double eta, double t) { return eta / gathered(beta, t); };
}
/// η sqrt(1 - β₂ᵗ) / (1 - β₁ᵗ), and ε sqrt(1 - β₂ᵗ): with these m / (sqrt(v) + ε) is m̂ / (sqrt(v̂) + ε). Kingma and Ba
/// 2015, end of section 2.
inline StepNumber adaptive_rate(double beta1, double beta2) {
  return [=](double eta, double t) { return eta * std::sqrt(gathered(beta2, t)) / gathered(beta1, t); };
}
inline StepNumber adaptive_epsilon(double epsilon, double beta2) {
  return [=](double, double t) { return epsilon * std::sqrt(gathered(beta2, t)); };
}
/// 1 / sqrt(1 - βᵗ).
inline StepNumber unbiased_root(double beta) {
  return [beta](double, double t) { return 1 / std::sqrt(gathered(beta, t)); };
}

/// w ← w - η g (F14). With the gradient of all samples it is gradient descent, with that of a batch the stochastic one
/// (Robbins and Monro 1951).
struct Sgd {
  static constexpr std::string_view name = "sgd";
  double rate = 1e-2, decay = 0;
  void operator()(auto& at, auto& w, auto g) const { w -= at.rate() * g; }
};

/// v ← μ v + (1 - τ) g, the first g undamped. Polyak 1964, as Sutskever et al. 2013 write it.
auto velocity(auto& at, auto g, double momentum, double dampening) {
  auto& v = at["v"];
  if (dampening != 0) g *= at.number([dampening](double, double t) { return t == 1 ? 1 : 1 - dampening; });
  return v = momentum * v + g;
}

/// w ← w - η v: the heavy ball.
struct Momentum {
  static constexpr std::string_view name = "momentum";
  double rate = 1e-2, decay = 0, momentum = 0.9, dampening = 0;
  void operator()(auto& at, auto& w, auto g) const { w -= at.rate() * velocity(at, g, momentum, dampening); }
};

/// w ← w - η (g + μ v). Nesterov 1983, as Sutskever et al. 2013 write it.
struct Nesterov {
  static constexpr std::string_view name = "nesterov";
  double rate = 1e-2, decay = 0, momentum = 0.9;
  void operator()(auto& at, auto& w, auto g) const { w -= at.rate() * (g + momentum * velocity(at, g, momentum, 0)); }
};

/// Steps by the history of g²; with momentum these steps are gathered in a velocity. Duchi, Hazan and Singer 2011.
struct Adagrad {
  static constexpr std::string_view name = "adagrad";
  double rate = 1e-2, decay = 0, epsilon = 1e-10, momentum = 0;
  void operator()(auto& at, auto& w, auto g) const {
    auto& s = at["s"];
    s += g * g;
    const auto step = g / (sqrt(s) + epsilon);
    w -= at.rate() * (momentum == 0 ? step : velocity(at, step, momentum, 0));
  }
};

/// Steps by a running mean of g² (Tieleman and Hinton 2012, lecture 6e); centred: by a running variance, σ² - an exact
/// recurrence for E[g²] - E[g]² that cannot turn negative (West 1979) - as in Graves 2013, 38 to 45.
struct RmsProp {
  static constexpr std::string_view name = "rmsprop";
  double rate = 1e-2, decay = 0, rho = 0.99, epsilon = 1e-8, momentum = 0;
  bool centred = false;
  void operator()(auto& at, auto& w, auto g) const {
    auto& s = at["s"];
    if (centred) {
      auto& m = at["m"];
      s = rho * (s + (1 - rho) * square(g - m));
      m = rho * m + (1 - rho) * g;
    } else {
      s = rho * s + (1 - rho) * g * g;
    }
    const auto step = g / (sqrt(s) + epsilon);
    w -= at.rate() * (momentum == 0 ? step : velocity(at, step, momentum, 0));
  }
};

/// Steps in the unit of w, by the ratio of two running means. Zeiler 2012, algorithm 1, which has η = 1.
struct Adadelta {
  static constexpr std::string_view name = "adadelta";
  double rate = 1, decay = 0, rho = 0.9, epsilon = 1e-6;
  void operator()(auto& at, auto& w, auto g) const {
    auto &s = at["s"], &u = at["u"];
    s = rho * s + (1 - rho) * g * g;
    const auto step = sqrt(u + epsilon) / sqrt(s + epsilon) * g;
    u = rho * u + (1 - rho) * step * step;
    w -= at.rate() * step;
  }
};

/// m ← β₁ m + (1 - β₁) g and v ← β₂ v + (1 - β₂) g², both kept without correction.
auto moments(auto& at, auto g, double beta1, double beta2) {
  auto &m = at["m"], &v = at["v"];
  m = beta1 * m + (1 - beta1) * g;
  v = beta2 * v + (1 - beta2) * g * g;
  return std::pair{m, v};
}

/// w ← w - η m̂ / (sqrt(v̂) + ε). Kingma and Ba 2015, algorithm 1. With `early_epsilon` ε stands beside sqrt(v), before
/// it is corrected, as at the end of their section 2 and in scikit-learn: larger by 1 / sqrt(1 - β₂ᵗ), so that first
/// steps along small gradients are shorter.
struct Adam {
  static constexpr std::string_view name = "adam";
  double rate = 1e-3, decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  bool early_epsilon = false;
  void operator()(auto& at, auto& w, auto g) const {
    const auto [m, v] = moments(at, g, beta1, beta2);
    const auto below = early_epsilon ? sqrt(v) + epsilon : sqrt(v) + at.number(adaptive_epsilon(epsilon, beta2));
    w -= at.number(adaptive_rate(beta1, beta2)) * (m / below);
  }
};

/// Adam with decoupled decay of the weights. Loshchilov and Hutter 2019, algorithm 2.
struct AdamW {
  static constexpr std::string_view name = "adamw";
  double rate = 1e-3, decay = 1e-2, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  void operator()(auto& at, auto& w, auto g) const {
    Adam{.beta1 = beta1, .beta2 = beta2, .epsilon = epsilon}(at, w, g);
  }
};

/// Adam by the largest v so far, corrected after the maximum. Reddi, Kale and Kumar 2018, algorithm 2.
struct AmsGrad {
  static constexpr std::string_view name = "amsgrad";
  double rate = 1e-3, decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  void operator()(auto& at, auto& w, auto g) const {
    const auto [m, v] = moments(at, g, beta1, beta2);
    auto& largest = at["largest"];
    largest = maximum(largest, v);
    const auto below = sqrt(largest) + at.number(adaptive_epsilon(epsilon, beta2));
    w -= at.number(adaptive_rate(beta1, beta2)) * (m / below);
  }
};

/// Adam by the largest |g|, fading. Kingma and Ba 2015, algorithm 2; ε keeps a gradient of zeros from dividing by 0.
struct Adamax {
  static constexpr std::string_view name = "adamax";
  double rate = 2e-3, decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  void operator()(auto& at, auto& w, auto g) const {
    auto &m = at["m"], &u = at["u"];
    m = beta1 * m + (1 - beta1) * g;
    u = maximum(beta2 * u, abs(g) + epsilon);
    w -= at.number(unbiased_rate(beta1)) * m / u;
  }
};

/// Adam with Nesterov's look ahead: μ_t = β₁ (1 - 0.96^(tψ) / 2), and Π_t is their product. Dozat 2016. With
/// `repeated_mu` μ_t stands twice in the product ahead, Π_t μ_t μ_(t+1) in place of Π_(t+1), so that m weighs less in
/// the first steps, and products are in single precision, as in PyTorch 1.13.1. (Since 2.0 it has each μ once.)
struct NAdam {
  static constexpr std::string_view name = "nadam";
  double rate = 2e-3, decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, psi = 0.004;
  bool repeated_mu = false;

  template <class Number = double>
  Number mu(double t) const {
    return static_cast<Number>(beta1 * (1 - 0.5 * std::pow(0.96, t * psi)));
  }
  template <class Number>
  Number product(double t) const {  // below 1e-17 it no longer changes 1 - Π
    Number all = 1;
    for (double i = 1; i <= t && all > Number(1e-17); ++i) all *= mu<Number>(i);
    return all;
  }
  double product_now(double t) const { return repeated_mu ? product<float>(t) : product<double>(t); }
  double product_ahead(double t) const {
    return repeated_mu ? product<float>(t) * mu<float>(t) * mu<float>(t + 1) : product<double>(t + 1);
  }
  void operator()(auto& at, auto& w, auto g) const {
    const auto [m, v] = moments(at, g, beta1, beta2);
    const auto now =
        at.number([p = *this](double eta, double t) { return eta * (1 - p.mu(t)) / (1 - p.product_now(t)); });
    const auto ahead =
        at.number([p = *this](double eta, double t) { return eta * p.mu(t + 1) / (1 - p.product_ahead(t)); });
    w -= (now * g + ahead * m) / (sqrt(v) * at.number(unbiased_root(beta2)) + epsilon);
  }
};

/// Adam that trusts v only once its variance is finite (ρ_t > 5), and then by the factor r_t; before, it steps by m̂.
/// Liu et al. 2020, algorithm 2.
struct RAdam {
  static constexpr std::string_view name = "radam";
  double rate = 1e-3, decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

  /// r_t sqrt(1 - β₂ᵗ), or 0 while ρ_t <= 5.
  double trust(double t) const {
    const double b = gathered(beta2, t), end = 2 / (1 - beta2) - 1, rho = end - 2 * t * (1 - b) / b;
    if (rho <= 5) return 0;
    return std::sqrt(b * (rho - 4) * (rho - 2) * end / ((end - 4) * (end - 2) * rho));
  }
  void operator()(auto& at, auto& w, auto g) const {
    const auto [m, v] = moments(at, g, beta1, beta2);
    const auto trusted =
        at.number([p = *this](double eta, double t) { return eta * p.trust(t) / gathered(p.beta1, t); });
    const auto plain =
        at.number([p = *this](double eta, double t) { return p.trust(t) == 0 ? eta / gathered(p.beta1, t) : 0; });
    w -= m * (trusted / (sqrt(v) + epsilon) + plain);
  }
};

/// w ← w - η sign(β₁ m + (1 - β₁) g). Chen et al. 2023, program 1.
struct Lion {
  static constexpr std::string_view name = "lion";
  double rate = 1e-4, decay = 0, beta1 = 0.9, beta2 = 0.99;
  void operator()(auto& at, auto& w, auto g) const {
    auto& m = at["m"];
    w -= at.rate() * sign(beta1 * m + (1 - beta1) * g);
    m = beta2 * m + (1 - beta2) * g;
  }
};

using Methods =
    std::tuple<Sgd, Momentum, Nesterov, Adagrad, RmsProp, Adadelta, Adam, AdamW, AmsGrad, Adamax, NAdam, RAdam, Lion>;

}  // namespace wengert::nn
