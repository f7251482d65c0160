/// One parameter, stepped along gradients that are given.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/optim/optimizer.hpp"

namespace wengert::test {

template <class T>
struct Steps {
  std::vector<T> w;                  ///< after each step
  std::map<std::string, T> moments;  ///< after the last
};

/// Starts at `w` and takes one step per entry of `gradients`.
template <class T = double>
Steps<T> steps(const nn::Method& method, T w, const std::vector<T>& gradients) {
  Tape<T> tape;
  const Var<T> parameter = tape.leaf(w), g = tape.leaf(T(0));
  nn::Optimizer<T> optimizer({parameter}, method);
  Program<T> program = compile<T>({}, optimizer.updates({g}));
  Steps<T> out;
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    tape.set(g, gradients[t]);
    optimizer.prepare(static_cast<std::int64_t>(t + 1));
    program.run();
    out.w.push_back(value(parameter).item());
  }
  for (const auto& moment : optimizer.moments()) out.moments[moment.name] = value(moment.leaf).item();
  return out;
}

}  // namespace wengert::test
