#include <nn/solve/nlopt.hpp>

int main() {
  wengert::Tape<double> tape;
  const auto x = tape.leaf(3.0);
  return wengert::nn::minimize_nlopt((x - 1.0) * (x - 1.0), {x}).value < 1e-12 ? 0 : 1;
}
