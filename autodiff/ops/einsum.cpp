// The text becomes labels, one per axis, when it is recorded; then operands are joined from left to right, each time by
// one matrix product over what neither the result nor a later operand names.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/broadcast.hpp"
#include "autodiff/ops/contract.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/slice.hpp"

namespace wengert {

namespace {

/// Axes in order, one character each: a letter, or for an axis under the dots a digit, 0 for the last of them.
using Labels = std::string;

bool has(const Labels& labels, char label) { return labels.find(label) != Labels::npos; }

template <class T>
struct Term {
  Var<T> x;
  Labels labels;
};

struct Text {
  std::vector<std::string> operands;
  std::string result;
  bool arrow = false;
};

/// Splits at commas and at the arrow; throws the fact if anything but letters and dots is left.
Text parse(std::string_view text) {
  Text out;
  std::string all;
  for (const char c : text) {
    if (c != ' ') all += c;
  }
  if (const auto arrow = all.find("->"); arrow != std::string::npos) {
    out.arrow = true;
    out.result = all.substr(arrow + 2);
    all.erase(arrow);
  }
  std::size_t start = 0;
  for (std::size_t comma; (comma = all.find(',', start)) != std::string::npos; start = comma + 1) {
    out.operands.push_back(all.substr(start, comma - start));
  }
  out.operands.push_back(all.substr(start));
  std::vector<std::string> terms = out.operands;
  terms.push_back(out.result);
  for (const std::string& term : terms) {
    std::string letters = term;
    if (const auto dots = letters.find("..."); dots != std::string::npos) letters.erase(dots, 3);
    for (const char c : letters) {
      if (std::isalpha(static_cast<unsigned char>(c)) == 0) {
        throw ShapeError(fmt::format(R"('{}' in "{}" is no letter, comma, arrow or "...")", c, term));
      }
    }
  }
  return out;
}

/// Letters of a term, its dots replaced by `count` digits.
Labels with_dots(std::string term, int count) {
  const auto dots = term.find("...");
  if (dots == std::string::npos) return term;
  std::string digits;
  for (int i = count; i-- > 0;) digits += static_cast<char>('0' + i);
  return term.replace(dots, 3, digits);
}

template <class T>
class Summation {
 public:
  Summation(std::string_view text, std::span<const Var<T>> operands, Source where) : where_(where) {
    const Text parsed = parse(text);
    if (parsed.operands.size() != operands.size()) {
      throw ShapeError(
          fmt::format("the text names {} operands, {} were given", parsed.operands.size(), operands.size()));
    }
    int dots = 0;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const std::string& term = parsed.operands[i];
      const Shape shape = operands[i].shape();
      const bool open = term.find("...") != std::string::npos;
      const int named = static_cast<int>(term.size()) - (open ? 3 : 0), rest = shape.rank() - named;
      if (rest < 0 || (!open && rest > 0)) {
        throw ShapeError(fmt::format("\"{}\" names {} axes but operand {} is {}", term, named, i, to_string(shape)));
      }
      if (open) dots = std::max(dots, rest);
      terms_.push_back({operands[i], with_dots(term, rest)});
      measure(terms_.back());
    }
    result_ = parsed.arrow ? with_dots(parsed.result, dots) : letters_once(dots);
    for (const char label : result_) {
      if (!extent_.contains(label)) throw ShapeError(fmt::format("'{}' of the result is in no operand", label));
      if (std::ranges::count(result_, label) > 1) {
        throw ShapeError(fmt::format("'{}' is twice in the result", label));
      }
    }
    std::vector<std::int64_t> dims;
    for (const char label : result_) dims.push_back(extent_.at(label));
    shape_ = Shape(dims);
  }

  Var<T> operator()() {
    for (Term<T>& term : terms_) term = with_diagonals(term);
    Term<T> all = terms_[0];
    for (std::size_t i = 1; i <= terms_.size(); ++i) {
      Labels later = result_;
      for (std::size_t j = i + 1; j < terms_.size(); ++j) later += terms_[j].labels;
      all = i < terms_.size() ? joined(all, terms_[i], later) : without(all, later);
    }
    return broadcast_to(ordered(all, result_).x, shape_, where_);
  }

 private:
  /// Notes the length of every axis; an axis under the dots may also be 1.
  void measure(const Term<T>& term) {
    for (std::size_t i = 0; i < term.labels.size(); ++i) {
      const char label = term.labels[i];
      const std::int64_t n = term.x.shape()[static_cast<int>(i)];
      const auto [known, fresh] = extent_.try_emplace(label, n);
      if (fresh || known->second == n) continue;
      const bool dotted = label <= '9';
      if (dotted && known->second == 1) {
        known->second = n;
      } else if (!dotted || n != 1) {
        throw ShapeError(dotted ? fmt::format("the axes under \"...\" do not broadcast ({} and {})", known->second, n)
                                : fmt::format("'{}' is {} and {}", label, known->second, n));
      }
    }
  }
  Labels letters_once(int dots) const {
    Labels out = with_dots("...", dots);
    for (const auto& [label, n] : extent_) {
      if (label <= '9') continue;
      std::ptrdiff_t times = 0;
      for (const Term<T>& term : terms_) times += std::ranges::count(term.labels, label);
      if (times == 1) out += label;
    }
    return out;
  }

  /// Axes with the same letter become one, the diagonal.
  Term<T> with_diagonals(Term<T> term) const {
    for (std::size_t i = 0; i < term.labels.size(); ++i) {
      for (std::size_t j; (j = term.labels.find(term.labels[i], i + 1)) != Labels::npos;) {
        const char label = term.labels[i];
        const Var<T> last =
            moveaxis(moveaxis(term.x, static_cast<int>(i), -1, where_), static_cast<int>(j) - 1, -1, where_);
        term.x = moveaxis(diagonal(last, 0, where_), -1, static_cast<int>(i), where_);
        term.labels.erase(j, 1);
        term.labels[i] = label;
      }
    }
    return term;
  }
  /// Summed over all that `later` does not name.
  Term<T> without(const Term<T>& term, const Labels& later) const {
    std::vector<int> gone;
    Labels labels;
    for (std::size_t i = 0; i < term.labels.size(); ++i) {
      if (has(later, term.labels[i])) {
        labels += term.labels[i];
      } else {
        gone.push_back(static_cast<int>(i));
      }
    }
    return {sum(term.x, Axes(gone), false, where_), labels};
  }
  /// With the axes in the order of `labels`, which are all of its own; and with those it lacks, of length 1.
  Term<T> ordered(const Term<T>& term, const Labels& labels) const {
    std::vector<int> order;
    std::vector<std::int64_t> dims;
    for (const char label : labels) {
      const auto i = term.labels.find(label);
      if (i != Labels::npos) order.push_back(static_cast<int>(i));
      dims.push_back(i == Labels::npos ? 1 : term.x.shape()[static_cast<int>(i)]);
    }
    return {reshape(transpose(term.x, order, where_), Shape(dims), where_), labels};
  }

  /// The product of two terms, summed over what `later` does not name.
  Term<T> joined(Term<T> a, Term<T> b, const Labels& later) const {
    a = without(a, later + b.labels);
    b = without(b, later + a.labels);
    Labels batch, left, right, summed;
    for (const char label : a.labels) {
      (!has(b.labels, label) ? left : has(later, label) ? batch : summed) += label;
    }
    for (const char label : b.labels) {
      if (!has(a.labels, label)) right += label;
    }
    const Labels labels = batch + left + right;
    if (labels.size() > at(kMaxRank)) {
      throw ShapeError(fmt::format("a product of two operands has {} axes, \"{}\"", labels.size(), labels));
    }
    // Nothing to sum over, or an axis under the dots that has to be stretched: elementwise.
    const bool stretches =
        std::ranges::any_of(batch + summed, [&](char label) { return extent_of(a, label) != extent_of(b, label); });
    if (summed.empty() || stretches) {
      const Labels all = labels + summed;
      const Var<T> product = multiply(Located<T>(ordered(a, all).x, where_), Located<T>(ordered(b, all).x, where_));
      return without({product, all}, labels);
    }
    const std::int64_t m = size_of(a, left), n = size_of(b, right), k = size_of(a, summed), batches = size_of(a, batch);
    const Var<T> rows = reshape(ordered(a, batch + left + summed).x, Shape{batches, m, k}, where_);
    const Var<T> cols = reshape(ordered(b, batch + summed + right).x, Shape{batches, k, n}, where_);
    std::vector<std::int64_t> dims;
    for (const char label : batch + left) dims.push_back(extent_of(a, label));
    for (const char label : right) dims.push_back(extent_of(b, label));
    const Var<T> product =
        batch.empty() ? matmul(squeeze(rows, 0, where_), squeeze(cols, 0, where_), where_) : matmul(rows, cols, where_);
    return {reshape(product, Shape(dims), where_), labels};
  }
  static std::int64_t extent_of(const Term<T>& term, char label) {
    return term.x.shape()[static_cast<int>(term.labels.find(label))];
  }
  static std::int64_t size_of(const Term<T>& term, const Labels& labels) {
    std::int64_t n = 1;
    for (const char label : labels) n *= extent_of(term, label);
    return n;
  }

  Source where_;
  std::vector<Term<T>> terms_;
  Labels result_;
  Shape shape_;  ///< of the result
  std::map<char, std::int64_t> extent_;
};

}  // namespace

template <class T>
Var<T> einsum(std::string_view text, std::span<const Var<T>> operands, Source where) {
  if (operands.empty()) throw ShapeError(locate("einsum", "no operands were given", where));
  expect_together("einsum", operands, where);
  const typename Tape<T>::AllOrNothing guard(operands[0].tape(), where);
  try {
    return Summation<T>(text, operands, where)();
  } catch (const ShapeError& fact) {
    std::string list;
    for (const Var<T>& x : operands) list += fmt::format("{}{}", list.empty() ? "" : ", ", to_string(x.shape()));
    throw ShapeError(locate("einsum", fmt::format("{}: \"{}\" of {}", fact.what(), text, list), where));
  }
}

template Var<float> einsum(std::string_view, std::span<const Var<float>>, Source);
template Var<double> einsum(std::string_view, std::span<const Var<double>>, Source);

}  // namespace wengert
