// Newton's method without a Hessian: conjugate gradients ask for products H v alone, and the tape gives those exactly.
// Against NLopt's L-BFGS, on the logistic regression of 569 tumours with 31 weights.
// Expected: both end at the same loss to 1e-9, Newton with a gradient below 1e-12 after at most 12 steps. Picture:
// second_order.svg.
#include <fmt/format.h>

#include <filesystem>

#include "nn/nn.hpp"
#include "nn/solve/nlopt.hpp"
#include "svg.hpp"

using namespace wengert;

int main() {
  const auto all = nn::classified<double>(
      nn::read_csv(std::filesystem::path(WENGERT_DATA_DIR) / "breast_cancer.csv", {.skip_rows = 1}));
  Tensor<double> benign(all.labels.shape());
  std::ranges::copy(all.labels, benign.begin());

  Tape<double> tape;
  const auto features = tape.leaf(nn::standard_scaler(all.x).transform(all.x));
  const auto x = concatenate({features, tape.constant(1, {569, 1})}, 1), t = tape.leaf(benign);
  const auto w = tape.leaf(zeros({31}));
  const auto loss = nn::binary_cross_entropy(matmul(x, w), t) + 1e-3 * sum(square(w));

  // Newton's step d solves H d = -g by conjugate gradients (Hestenes and Stiefel 1952): residual r, direction p.
  const auto d = tape.leaf(zeros({31})), r = tape.leaf(zeros({31})), p = tape.leaf(zeros({31}));
  const auto g = gradient(loss, w), Hp = hvp(loss, w, p);
  const auto alpha = dot(r, r) / dot(p, Hp), rest = r - alpha * Hp, beta = dot(rest, rest) / dot(r, r);
  auto begin = compile<double>({loss, norm(g)}, {assign(d, 0.0 * d), assign(r, -g), assign(p, -g)});
  auto conjugate =
      compile<double>({norm(rest)}, {assign(d, d + alpha * p), assign(r, rest), assign(p, rest + beta * p)});
  auto finish = compile<double>({}, {assign(w, w + d)});

  std::vector<double> norms, work;  // of the gradient, and what it took: gradients and products so far
  double products = 0;
  fmt::print("{:>5}{:>20}{:>12}{:>12}\n", "step", "loss", "|gradient|", "products");
  for (int step = 0; step <= 12; ++step) {
    begin.run();
    norms.push_back(begin.value(1).item()), work.push_back(products + step + 1);
    fmt::print("{:5}{:20.15f}{:12.1e}{:12}\n", step, begin.value(0).item(), norms.back(), products);
    if (norms.back() < 1e-12) break;
    // As exact as pays: the nearer the end, the better the step (Dembo, Eisenstat and Steihaug 1982).
    const double enough = norms.back() * std::min(0.1, norms.back());
    for (int i = 0; i < 31; ++i) {
      conjugate.run(), ++products;
      if (conjugate.value().item() <= enough) break;
    }
    finish.run();
  }
  const double newton = value(loss).item();

  std::vector<double> lbfgs_norms, lbfgs_work;
  nn::Minimum lbfgs;
  for (int evaluations = 1; !lbfgs.converged && evaluations < 100; ++evaluations) {  // from the start, ever longer
    tape.set(w, zeros({31}));
    lbfgs = nn::minimize_nlopt(loss, {w}, {.evaluations = evaluations});
    lbfgs_norms.push_back(value(norm(g)).item()), lbfgs_work.push_back(evaluations);
  }
  fmt::print("\nNLopt's L-BFGS: loss {:.15f}, |gradient| {:.1e} after {} evaluations\n", lbfgs.value,
             lbfgs_norms.back(), lbfgs.evaluations);

  svg::save("second_order.svg", {"Two ways to one minimum",
                                 {"evaluations of the gradient or of H v"},
                                 {"norm of the gradient", true},
                                 {{"Newton", Tensor<double>(work), Tensor<double>(norms)},
                                  {"its steps", Tensor<double>(work), Tensor<double>(norms), true},
                                  {"NLopt's L-BFGS", Tensor<double>(lbfgs_work), Tensor<double>(lbfgs_norms)}}});
  const bool good = std::abs(newton - lbfgs.value) < 1e-9 && norms.back() < 1e-12;
  fmt::print("{}\n", good ? "one minimum, found twice, as expected" : "NOT AS EXPECTED");
  return good ? 0 : 1;
}
