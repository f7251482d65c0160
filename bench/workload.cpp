#include "bench/workload.hpp"

#include <algorithm>
#include <cmath>

namespace bench {

std::size_t Net::parameters() const {
  std::size_t n = 0;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) n += static_cast<std::size_t>((sizes[l] + 1) * sizes[l + 1]);
  return n;
}

double Net::flops() const {
  double products = 0;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    products += (l == 0 ? 2.0 : 3.0) * batch * sizes[l] * sizes[l + 1];  // no delta below the first layer
  }
  return 2 * products;
}

bool find_net(std::string_view workload, Net& net) {
  using enum Activation;
  if (workload == "W1b1" || workload == "W1b32") {
    net = {{2, 16, 1}, sigmoid, true, Loss::mse, Update::sgd, 0.1, workload == "W1b1" ? 1 : 32, 1, -1, 1};
  } else if (workload == "W2" || workload == "W7h") {
    net = {{64, 50, 10}, sigmoid, false, Loss::cross_entropy, Update::momentum, 0.01, 100, 1, 0, 1};
  } else if (workload == "W3") {
    net = {{784, 128, 10}, relu, false, Loss::cross_entropy, Update::adam, 1e-5, 128, 1, 0, 1};
  } else if (workload == "W4") {
    net = {{784, 1024, 1024, 10}, relu, false, Loss::cross_entropy, Update::adam, 1e-5, 512, 1, 0, 1};
  } else if (workload == "W5") {
    net = {std::vector<int>(21, 64), tanh, true, Loss::mse, Update::sgd, 0.01, 64, 1.6, -1, 1};
  } else if (workload == "W7p") {
    net = {{2, 20, 20, 1}, tanh, false, Loss::mse, Update::sgd, 0, 1000, 1.5, -1, 1};
  } else if (workload == "P1") {
    net = {{64, 50, 10}, sigmoid, false, Loss::mse, Update::sgd, 0, 1, 1, 0, 1};
  } else if (workload == "P2") {
    net = {{784, 128, 10}, relu, false, Loss::mse, Update::sgd, 0, 1, 1, 0, 1};
  } else {
    return false;
  }
  return true;
}

std::vector<double> uniform(std::uint64_t stream, std::size_t n, double low, double high) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {  // SplitMix64 (Steele et al. 2014)
    std::uint64_t z = stream * 0xD1B54A32D192ED03u + (i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    out[i] = low + (high - low) * (static_cast<double>(z >> 11) * 0x1.0p-53);
  }
  return out;
}

std::vector<double> initial_parameters(const Net& net) {
  std::vector<double> out;
  for (std::size_t l = 0; l + 1 < net.sizes.size(); ++l) {
    const double r = net.gain / std::sqrt(net.sizes[l]);
    const auto out_size = static_cast<std::size_t>(net.sizes[l + 1]), in_size = static_cast<std::size_t>(net.sizes[l]);
    const std::vector<double> weights = uniform(100 + 2 * l, in_size * out_size, -r, r);
    const std::vector<double> bias = uniform(101 + 2 * l, out_size, -r, r);
    out.insert(out.end(), weights.begin(), weights.end());
    out.insert(out.end(), bias.begin(), bias.end());
  }
  return out;
}
std::vector<double> inputs(const Net& net) {
  return uniform(1, static_cast<std::size_t>(net.batch * net.sizes[0]), net.low, net.high);
}
std::vector<double> targets(const Net& net) {
  return uniform(2, static_cast<std::size_t>(net.batch * net.sizes.back()), 0.1, 0.9);
}
std::vector<int> labels(const Net& net) {
  std::vector<int> out;
  const int classes = net.sizes.back();
  for (const double u : uniform(2, static_cast<std::size_t>(net.batch), 0, classes)) {
    out.push_back(std::min(static_cast<int>(u), classes - 1));
  }
  return out;
}
std::vector<double> direction(const Net& net) { return uniform(3, net.parameters(), -1, 1); }
std::vector<double> chain_inputs() { return uniform(4, kChain, -2, 2); }
std::vector<double> rosenbrock_inputs() { return uniform(5, kRosenbrock, -1.5, 1.5); }

}  // namespace bench
