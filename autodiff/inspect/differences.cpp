#include "autodiff/inspect/differences.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

namespace wengert {

namespace {

constexpr std::size_t kSteps = 12;
constexpr int kHalvings = 30;  // of the first step, to stay inside the domain
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Limit {
  double value = std::numeric_limits<double>::quiet_NaN();
  double error = kInfinity;
  double noise = 0;
};

/// Difference quotients of steps h, h/2, h/4, … and what the rounding of the numbers can do to each.
struct Quotients {
  std::array<double, kSteps> q{}, noise{};

  /// The limit for h -> 0 of q = limit + a h^power + b h^(power + increment) + …: the entry of the tableau that differs
  /// least from its neighbours, of those that the last quotient does not contradict (steps may all miss a jump).
  Limit limit(int power, int increment) const {
    const double last = q[kSteps - 1], reach = 2 * (std::abs(last - q[kSteps - 2]) + noise[kSteps - 1]);
    Limit best;
    std::vector<double> above, row;
    for (std::size_t k = 0; k < kSteps; ++k) {
      row.assign(1, q[k]);
      for (std::size_t j = 0; j < above.size(); ++j) {
        const double factor = std::exp2(power + increment * static_cast<int>(j));
        const double next = (factor * row[j] - above[j]) / (factor - 1);
        const double error = std::max(std::abs(next - row[j]), std::abs(next - above[j]));
        if (error + noise[k] < best.error + best.noise && std::abs(next - last) <= reach)
          best = {next, error, noise[k]};
        row.push_back(next);
      }
      std::swap(above, row);
    }
    return best;
  }
};

}  // namespace

template <class T>
std::vector<Difference> differences(const std::function<std::vector<double>(T)>& f, T x, double size) {
  const std::vector<double> middle = f(x);
  const auto leaves_domain = [&](const std::vector<double>& y) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (std::isfinite(middle[i]) && !std::isfinite(y[i])) return true;
    }
    return false;
  };
  T first = (T(1) + std::abs(x)) / 10;
  for (int k = 0; k < kHalvings && (leaves_domain(f(x + first)) || leaves_domain(f(x - first))); ++k) first /= 2;

  std::vector<Quotients> central(middle.size()), right(middle.size()), left(middle.size());
  for (std::size_t k = 0; k < kSteps; ++k) {
    const T h = first / static_cast<T>(1 << k);
    const T above = x + h, below = x - h;  // rounded, so the steps are what they came to
    const double up = static_cast<double>(above) - static_cast<double>(x);
    const double down = static_cast<double>(x) - static_cast<double>(below);
    const std::vector<double> high = f(above), low = f(below);
    for (std::size_t i = 0; i < middle.size(); ++i) {
      central[i].q[k] = (high[i] - low[i]) / (up + down);
      right[i].q[k] = (high[i] - middle[i]) / up;
      left[i].q[k] = (middle[i] - low[i]) / down;
      constexpr double epsilon = std::numeric_limits<T>::epsilon();
      const double terms = std::max({size, std::abs(high[i]), std::abs(middle[i]), std::abs(low[i])});
      central[i].noise[k] = right[i].noise[k] = left[i].noise[k] = 4 * epsilon * terms / up;
    }
  }
  std::vector<Difference> out;
  for (std::size_t i = 0; i < middle.size(); ++i) {
    const Limit slope = central[i].limit(2, 2), upper = right[i].limit(1, 1), lower = left[i].limit(1, 1);
    out.push_back({slope.value, slope.error, slope.noise, lower.value, upper.value,
                   lower.error + upper.error + lower.noise + upper.noise});
  }
  return out;
}

template std::vector<Difference> differences(const std::function<std::vector<double>(float)>&, float, double);
template std::vector<Difference> differences(const std::function<std::vector<double>(double)>&, double, double);

}  // namespace wengert
