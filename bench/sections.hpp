/// The parts of the benchmark: each registers its rows with Google Benchmark, and makes its table of their medians.
#pragma once

#include <string>

#include "bench/peak.hpp"
#include "bench/report.hpp"

namespace bench {

/// Training steps, gradients and predictions against those written by hand: W1 to W8, P1, P2.
void register_steps();
std::string steps_table(const Medians& medians, const Peak& peak);

/// The matrix product alone, against other libraries: rows such as NT128x784x128f32/own/1.
void register_products();
std::string products_table(const Medians& medians, const Peak& peak);

/// How our step grows with batch, width and depth, and recording and compiling with the number of nodes.
void register_growth();
std::string growth_table(const Medians& medians, const Peak& peak);

/// An optimiser's update of many parameters against a copy of as many bytes: both are bound by the memory.
void register_updates();
std::string updates_table(const Medians& medians);

}  // namespace bench
