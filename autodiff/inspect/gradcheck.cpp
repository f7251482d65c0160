#include "autodiff/inspect/gradcheck.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <span>
#include <utility>

#include "autodiff/inspect/differences.hpp"
#include "autodiff/program/program.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

namespace {

std::vector<std::int64_t> unravel(std::int64_t position, const Shape& shape) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<std::size_t>(axis)] = position % shape[axis];
    position /= shape[axis];
  }
  return index;
}

template <class T>
double largest(const Tensor<T>& x) {
  double out = 0;
  for (const T v : x) {
    if (std::isfinite(v)) out = std::max(out, std::abs(static_cast<double>(v)));
  }
  return out;
}

/// |a - b| by `scale`; infinite if either is NaN.
double relative(double a, double b, double scale) {
  const double difference = std::abs(a - b) / scale;
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
}

/// Derivatives of some outputs by all inputs, against differences of the outputs.
template <class T>
class Comparison {
 public:
  /// `size` is that of the terms which the outputs are made of.
  Comparison(const std::vector<Var<T>>& x, const std::vector<Var<T>>& outputs, double size, int order,
             const GradcheckOptions& options, GradcheckReport& report, Source where)
      : x_(x),
        outputs_(outputs),
        program_(compile(outputs, {}, where)),
        size_(size),
        order_(order),
        options_(options),
        report_(report),
        where_(where) {}

  void run() {
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const auto columns = by_differences(i);
      const std::vector<bool> judged = judge(i, columns);
      if (options_.reverse) compare(i, columns, judged, Mode::reverse);
      if (options_.forward) compare(i, columns, judged, Mode::forward);
    }
  }

 private:
  using Columns = std::vector<std::vector<Difference>>;  ///< by element of the input, then of all outputs

  /// Moves the elements of input i one after the other.
  Columns by_differences(std::size_t i) {
    Tape<T>& tape = x_[i].tape();
    const Tensor<T> start = value(x_[i], where_);
    Tensor<T> moved = start;
    Columns columns;
    for (std::int64_t j = 0; j < start.size(); ++j) {
      const std::function<std::vector<double>(T)> f = [&](T at) {
        moved.data()[j] = at;
        tape.set(x_[i], moved, where_);
        program_.run(where_);
        std::vector<double> all;
        for (std::size_t k = 0; k < outputs_.size(); ++k) {
          const View<const T> y = program_.output(k, where_);
          all.insert(all.end(), y.data, y.data + y.shape.size());
        }
        return all;
      };
      columns.push_back(differences<T>(f, start.data()[j], size_));
      moved.data()[j] = start.data()[j];
    }
    tape.set(x_[i], start, where_);
    return columns;
  }

  /// The largest slope of one output by one input, at least the least normal number: 0/0 is 0.
  double scale_of(const Columns& columns, std::size_t first, std::size_t count) const {
    double scale = std::max(options_.absolute / report_.tolerance, std::numeric_limits<double>::min());
    for (const auto& column : columns) {
      for (std::size_t r = first; r < first + count; ++r) {
        if (std::isfinite(column[r].slope)) scale = std::max(scale, std::abs(column[r].slope));
      }
    }
    return scale;
  }

  /// Which elements of input i differences can judge; the others are reported.
  std::vector<bool> judge(std::size_t i, const Columns& columns) {
    std::vector<bool> judged(columns.size(), true);
    std::size_t first = 0;
    for (const Var<T>& output : outputs_) {
      const auto count = static_cast<std::size_t>(output.shape().size());
      const double allowed = report_.tolerance * scale_of(columns, first, count);
      for (std::size_t j = 0; j < columns.size(); ++j) {
        for (std::size_t r = first; r < first + count && judged[j]; ++r) {
          const Difference& d = columns[j][r];
          const bool kink = d.has_kink(allowed);
          if (!kink && d.is_settled(allowed)) continue;
          judged[j] = false;
          report_.skipped.push_back(
              {order_, i, unravel(static_cast<std::int64_t>(j), x_[i].shape()), kink, d.left, d.right});
        }
      }
      first += count;
    }
    return judged;
  }

  void compare(std::size_t i, const Columns& columns, const std::vector<bool>& judged, Mode mode) {
    std::size_t first = 0;
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      const auto count = static_cast<std::size_t>(outputs_[k].shape().size());
      const double scale = scale_of(columns, first, count);
      const Tensor<T> exact = jacobian(outputs_[k], x_[i], mode, where_);
      for (std::size_t j = 0; j < columns.size(); ++j) {
        if (!judged[j]) continue;
        for (std::size_t r = 0; r < count; ++r) {
          const double a = static_cast<double>(exact.data()[r * columns.size() + j]);
          const Difference& b = columns[j][first + r];
          // What rounding hides is no difference.
          const double distance = relative(a, b.slope, std::max(scale, b.noise / report_.tolerance));
          if (report_.compared++ == 0 || distance > report_.worst.relative) {
            report_.worst = {order_,  mode,
                             i,       unravel(static_cast<std::int64_t>(j), x_[i].shape()),
                             k,       unravel(static_cast<std::int64_t>(r), outputs_[k].shape()),
                             a,       b.slope,
                             distance};
          }
        }
      }
      first += count;
    }
  }

  const std::vector<Var<T>>& x_;
  const std::vector<Var<T>>& outputs_;
  Program<T> program_;
  double size_;
  int order_;
  const GradcheckOptions& options_;
  GradcheckReport& report_;
  Source where_;
};

template <class T>
void expect_sound(const std::vector<Tensor<T>>& inputs, const GradcheckOptions& options, Source where) {
  if (inputs.empty()) throw UsageError(locate("gradcheck", "there are no inputs to differentiate by", where));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const T* odd = std::find_if_not(inputs[i].begin(), inputs[i].end(), [](T v) { return std::isfinite(v); });
    if (odd == inputs[i].end()) continue;
    throw ValueError(locate("gradcheck",
                            fmt::format("element {} of input {} is {}, and differences need finite numbers",
                                        unravel(odd - inputs[i].begin(), inputs[i].shape()), i, *odd),
                            where));
  }
  if (options.order != 1 && options.order != 2) {
    throw ValueError(locate("gradcheck", fmt::format("order {} is neither 1 nor 2", options.order), where));
  }
  for (const auto& [name, bound] : {std::pair("tolerance", options.tolerance), {"absolute bound", options.absolute}}) {
    if (!(bound >= 0))
      throw ValueError(locate("gradcheck", fmt::format("{} {} is not at least 0", name, bound), where));
  }
  if (!options.reverse && !options.forward) {
    throw ValueError(locate("gradcheck", "neither reverse nor forward mode is asked for", where));
  }
}

/// The gradient of y, weighted to one number. The weights differ, so that errors do not cancel.
template <class T>
std::vector<Var<T>> weighted_gradient(Var<T> y, const std::vector<Var<T>>& x, Source where) {
  Tensor<T> weights(y.shape());
  for (std::int64_t i = 0; i < weights.size(); ++i) {
    weights.data()[i] = static_cast<T>(1 + 0.5 * std::sin(static_cast<double>(i)));  // of a number: 1
  }
  return vjp(y, x, y.tape().leaf(std::move(weights), where), where);
}

}  // namespace

template <class T>
GradcheckReport gradcheck(const std::function<Var<T>(const std::vector<Var<T>>&)>& f,
                          const std::vector<Tensor<T>>& inputs, const GradcheckOptions& options, Source where) {
  if (!f) throw UsageError(locate("gradcheck", "the function is empty", where));
  expect_sound(inputs, options, where);
  GradcheckReport report;
  const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  report.tolerance = options.tolerance > 0 ? options.tolerance : std::sqrt(epsilon);
  Tape<T> tape;
  std::vector<Var<T>> x;
  for (const Tensor<T>& input : inputs) x.push_back(tape.leaf(input, where));
  const Var<T> y = f(x);
  if (y.empty()) throw UsageError(locate("gradcheck", "f returned an empty Var", where));
  tape.expect_mine("gradcheck", y, where);
  const std::vector<Var<T>> first{y};
  const double size = largest(value(y, where));
  Comparison<T>(x, first, size, 1, options, report, where).run();
  if (options.order == 2) {
    const std::vector<Var<T>> second = weighted_gradient(y, x, where);
    Comparison<T>(x, second, size, 2, options, report, where).run();
  }
  report.passed = report.compared > 0 && report.worst.relative <= report.tolerance;
  return report;
}

std::string to_string(const GradcheckReport& report) {
  std::string text;
  if (report.compared == 0) {
    text = "gradcheck failed: nothing was compared";
  } else {
    const GradcheckEntry& w = report.worst;
    const char* mode = w.mode == Mode::forward ? "forward" : "reverse";
    const std::string what =
        w.order == 1 ? fmt::format("{} mode, y{}", mode, w.output_index)
                     : fmt::format("{} over reverse mode, the gradient by input {}{}", mode, w.output, w.output_index);
    text = fmt::format(
        "gradcheck {}: {} derivatives compared, worst of order {}, {} by input {}{}: {:.17g}, by differences {:.17g} "
        "(relative difference {:.2g}, tolerance {:.2g})",
        report.passed ? "passed" : "failed", report.compared, w.order, what, w.input, w.index, w.derivative,
        w.differences, w.relative, report.tolerance);
  }
  constexpr std::size_t most = 10;
  for (std::size_t k = 0; k < std::min(most, report.skipped.size()); ++k) {
    const GradcheckSkip& s = report.skipped[k];
    text += fmt::format("\n  skipped, order {}: input {}{}, ", s.order, s.input, s.index);
    text += s.kink ? fmt::format("a kink between slopes {:.6g} and {:.6g}", s.left, s.right)
                   : "where differences do not settle";
  }
  if (report.skipped.size() > most) text += fmt::format("\n  and {} more", report.skipped.size() - most);
  return text;
}

std::ostream& operator<<(std::ostream& out, const GradcheckReport& report) { return out << to_string(report); }

#define INSTANTIATE(T)                                                                         \
  template GradcheckReport gradcheck(const std::function<Var<T>(const std::vector<Var<T>>&)>&, \
                                     const std::vector<Tensor<T>>&, const GradcheckOptions&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
