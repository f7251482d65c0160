/// Pictures for the examples, written as SVG: curves on linear or logarithmic axes, and heat maps.
///
///   svg::save("sine.svg", {.title = "Learned", .x = {"x"}, .y = {"y"},
///                          .series = {{"sin x", x, y}, {"network", x, p}}});
///
/// Colours are Okabe and Ito's, told apart also by the colour-blind; the eighth series and on are dashed, the fifteenth
/// and on dotted.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autodiff/tensor/tensor.hpp"
#include "nn/data/file.hpp"

namespace svg {

using wengert::Tensor;

struct Axis {
  std::string label;
  bool logarithmic = false;        ///< numbers that are not positive are left out
  double first = NAN, last = NAN;  ///< what to show; by default all there is
};
struct Series {
  std::string name;
  Tensor<double> x, y;  ///< of equal size; a number that is not finite interrupts the line
  bool points = false;  ///< instead of a line
};
struct Plot {
  std::string title;
  Axis x, y;
  std::vector<Series> series{};
};
/// A number in each cell, dark for the smallest, bright for the largest.
struct HeatMap {
  std::string title, x, y;                 ///< labels of the axes
  std::vector<std::string> columns, rows;  ///< names of the ticks
  Tensor<double> values;                   ///< [rows, columns]; the first row is at the top
};

// ---- writing ----

constexpr double kWidth = 460, kHeight = 320;                       // of the frame
constexpr double kLeft = 72, kTop = 44, kBottom = 56, kRight = 24;  // around it

inline std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

inline std::string text(double x, double y, const std::string& what, const char* how = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, how, escaped(what));
}

/// About how wide a text is, in pixels: letters of 12 pixels, UTF-8's following bytes not counted.
inline double text_width(const std::string& what) {
  return 6.8 * static_cast<double>(std::ranges::count_if(what, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Title above, labels beside a frame at (0, 0).
inline std::string labels(const std::string& title, const std::string& x, const std::string& y, double width,
                          double height, double left = kLeft) {
  return text(width / 2, -18, title, "class=\"title\" text-anchor=\"middle\"") +
         text(width / 2, height + 42, x, "text-anchor=\"middle\"") +
         fmt::format("<g transform=\"rotate(-90)\">{}</g>\n",
                     text(-height / 2, 18 - left, y, "text-anchor=\"middle\""));
}

inline void save(const std::string& path, double width, double height, const std::string& content) {
  wengert::nn::write_file(
      path,
      fmt::format(
          R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}">
<style>text {{ font: 12px sans-serif; fill: #222 }} .title {{ font-size: 15px; font-weight: bold }}</style>
<rect width="100%" height="100%" fill="white"/>
{2}</svg>
)",
          width, height, content));
}

// ---- axes ----

/// "10⁻³"
inline std::string power_of_ten(int exponent) {
  static constexpr const char* kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = exponent < 0 ? "10⁻" : "10";
  for (const char c : std::to_string(std::abs(exponent))) out += kDigits[c - '0'];
  return out;
}
/// With a true minus.
inline std::string number(double value) { return (value < 0 ? "−" : "") + fmt::format("{:g}", std::abs(value)); }

/// From numbers to pixels, and where the ticks are.
class Scale {
 public:
  struct Tick {
    double at;
    std::string name;
  };

  /// `pixels` from `first` to `last`; downwards if negative.
  Scale(const Axis& axis, std::vector<double> numbers, double origin, double pixels)
      : logarithmic_(axis.logarithmic), origin_(origin), pixels_(pixels) {
    for (double& v : numbers) v = on_axis(v);
    std::erase_if(numbers, [](double v) { return !std::isfinite(v); });
    if (numbers.empty()) numbers = {0, 1};
    const auto [least, largest] = std::ranges::minmax(numbers);
    first_ = std::isnan(axis.first) ? least : on_axis(axis.first);
    last_ = std::isnan(axis.last) ? largest : on_axis(axis.last);
    if (first_ == last_) first_ -= 0.5, last_ += 0.5;
    const double step = tick_step();
    if (std::isnan(axis.first)) first_ = step * std::floor(first_ / step + 1e-9);
    if (std::isnan(axis.last)) last_ = step * std::ceil(last_ / step - 1e-9);
  }

  double operator()(double value) const { return origin_ + pixels_ * (on_axis(value) - first_) / (last_ - first_); }

  std::vector<Tick> ticks() const {
    std::vector<Tick> out;
    const double step = tick_step();
    for (double i = std::ceil(first_ / step - 1e-9); i * step <= last_ + 1e-9 * step; ++i) {
      out.push_back({origin_ + pixels_ * (i * step - first_) / (last_ - first_),
                     logarithmic_ ? power_of_ten(static_cast<int>(std::lround(i * step))) : number(i * step)});
    }
    return out;
  }

 private:
  double on_axis(double value) const { return logarithmic_ ? value > 0 ? std::log10(value) : NAN : value; }
  /// 1, 2 or 5 times a power of ten, about six ticks; whole decades on a logarithmic axis.
  double tick_step() const {
    const double rough = (last_ - first_) / 6, power = std::pow(10, std::floor(std::log10(rough)));
    const double step = power * (rough > 5 * power ? 10 : rough > 2 * power ? 5 : rough > power ? 2 : 1);
    return logarithmic_ ? std::max(1.0, step) : step;
  }

  bool logarithmic_;
  double origin_, pixels_, first_ = 0, last_ = 1;
};

// ---- plots ----

/// Of the series with this index.
inline std::string colour(std::size_t index) {
  static constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                             "#E69F00", "#56B4E9", "#000000"};
  return kColours[index % 7];
}

inline std::string line(const Series& series, std::size_t index, const Scale& x, const Scale& y) {
  static constexpr const char* kDashes[] = {"", "stroke-dasharray=\"6 3\"", "stroke-dasharray=\"2 3\""};
  std::string path;
  bool pen_down = false;
  for (std::int64_t i = 0; i < series.x.size(); ++i) {
    const double at_x = x(series.x.data()[i]), at_y = std::clamp(y(series.y.data()[i]), -1e4, 1e4);
    const bool finite = std::isfinite(at_x) && std::isfinite(at_y);
    if (finite) path += fmt::format("{}{:.1f} {:.1f}", pen_down ? 'L' : 'M', at_x, at_y);
    pen_down = finite;
  }
  return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" {}/>\n", path, colour(index),
                     kDashes[index / 7 % 3]);
}

inline std::string points(const Series& series, std::size_t index, const Scale& x, const Scale& y) {
  std::string out;
  for (std::int64_t i = 0; i < series.x.size(); ++i) {
    const double at_x = x(series.x.data()[i]), at_y = y(series.y.data()[i]);
    if (!(at_x >= 0 && at_x <= kWidth && at_y >= 0 && at_y <= kHeight)) continue;
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", at_x, at_y, colour(index));
  }
  return out;
}

/// Names beside the frame.
inline std::string legend(const std::vector<Series>& all) {
  std::string out;
  const Scale x({"", false, 0, 1}, {}, kWidth + 14, 24), y({"", false, 0, 1}, {}, 10, 20);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name.empty()) continue;
    const double row = static_cast<double>(i);
    if (all[i].points) {
      out += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"3\" fill=\"{}\"/>\n", x(0.5), y(row), colour(i));
    } else {
      out += line({"", {0, 1}, {row, row}}, i, x, y);
    }
    out += text(x(1) + 8, y(row) + 4, all[i].name);
  }
  return out;
}

/// A plot whose frame is at (0, 0).
inline std::string drawn(const Plot& plot) {
  std::vector<double> all_x, all_y;
  for (const Series& series : plot.series) {
    all_x.insert(all_x.end(), series.x.begin(), series.x.end());
    all_y.insert(all_y.end(), series.y.begin(), series.y.end());
  }
  const Scale x(plot.x, all_x, 0, kWidth), y(plot.y, all_y, kHeight, -kHeight);
  std::string out = labels(plot.title, plot.x.label, plot.y.label, kWidth, kHeight);
  for (const auto& [at, name] : x.ticks()) {
    out += fmt::format("<path d=\"M{0:.1f} 0V{1}\" stroke=\"#ddd\"/>\n", at, kHeight);
    out += text(at, kHeight + 18, name, "text-anchor=\"middle\"");
  }
  for (const auto& [at, name] : y.ticks()) {
    out += fmt::format("<path d=\"M0 {0:.1f}H{1}\" stroke=\"#ddd\"/>\n", at, kWidth);
    out += text(-8, at + 4, name, "text-anchor=\"end\"");
  }
  std::string lines, circles;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    if (plot.series[i].points) circles += points(plot.series[i], i, x, y);
    if (!plot.series[i].points) lines += line(plot.series[i], i, x, y);
  }
  // The inner picture cuts lines off where they leave the frame.
  return out + fmt::format(R"(<svg width="{0}" height="{1}">
{2}</svg>
<rect width="{0}" height="{1}" fill="none" stroke="#222"/>
{3}{4})",
                           kWidth, kHeight, lines, circles, legend(plot.series));
}

/// Rows of plots, side by side.
inline void save(const std::string& path, const std::vector<std::vector<Plot>>& rows) {
  std::string content;
  double width = 0, y = 0;
  for (const std::vector<Plot>& row : rows) {
    double x = 0;
    for (const Plot& plot : row) {
      double names = 0;
      for (const Series& series : plot.series) {
        if (!series.name.empty()) names = std::max(names, 46 + text_width(series.name));
      }
      content += fmt::format("<g transform=\"translate({} {})\">\n{}</g>\n", x + kLeft, y + kTop, drawn(plot));
      x += kLeft + kWidth + names + kRight;
    }
    width = std::max(width, x);
    y += kTop + kHeight + kBottom;
  }
  save(path, width, y, content);
}
inline void save(const std::string& path, const std::vector<Plot>& plots) {
  save(path, std::vector<std::vector<Plot>>{plots});
}
inline void save(const std::string& path, const Plot& plot) { save(path, std::vector<Plot>{plot}); }

// ---- heat maps ----

/// Five colours of viridis, and what lies between.
inline std::string heat(double share) {
  static constexpr double kAnchors[5][3] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};
  const double at = 4 * std::clamp(share, 0.0, 1.0);
  const int i = std::min(3, static_cast<int>(at));
  const auto mix = [&](int c) {
    return std::lround(kAnchors[i][c] + (at - i) * (kAnchors[i + 1][c] - kAnchors[i][c]));
  };
  return fmt::format("rgb({},{},{})", mix(0), mix(1), mix(2));
}

inline void save(const std::string& path, const HeatMap& map) {
  constexpr double kCellWidth = 66, kCellHeight = 36;
  const auto [least, largest] = std::ranges::minmax(map.values.values());
  const double width = kCellWidth * static_cast<double>(map.columns.size()),
               height = kCellHeight * static_cast<double>(map.rows.size());
  double left = kLeft;
  for (const std::string& name : map.rows) left = std::max(left, 36 + text_width(name));
  std::string out = labels(map.title, map.x, map.y, width, height, left);
  for (std::size_t i = 0; i < map.rows.size(); ++i) {
    const double y = kCellHeight * static_cast<double>(i), middle = y + kCellHeight / 2 + 4;
    out += text(-8, middle, map.rows[i], "text-anchor=\"end\"");
    for (std::size_t j = 0; j < map.columns.size(); ++j) {
      const double x = kCellWidth * static_cast<double>(j), value = map.values.at(i, j);
      const double share = largest > least ? (value - least) / (largest - least) : 1;
      out += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n", x, y, kCellWidth - 1,
                         kCellHeight - 1, heat(share));
      out += text(x + kCellWidth / 2, middle, fmt::format("{:.3f}", value),
                  share < 0.6 ? "text-anchor=\"middle\" style=\"fill: white\"" : "text-anchor=\"middle\"");
    }
  }
  for (std::size_t j = 0; j < map.columns.size(); ++j) {
    out += text(kCellWidth * (static_cast<double>(j) + 0.5), height + 18, map.columns[j], "text-anchor=\"middle\"");
  }
  save(path, left + width + kRight, kTop + height + kBottom,
       fmt::format("<g transform=\"translate({} {})\">\n{}</g>\n", left, kTop, out));
}

}  // namespace svg
