/// An optimiser's update of many parameters against a copy of as many bytes: both are bound by the memory.
#pragma once

#include <string_view>

namespace bench {

class Medians;

/// "A10M": Adam on ten million parameters; reads g, w, m, v and writes w, m, v.
bool is_update(std::string_view what);
/// Bytes that one update reads and writes; the copy reads half of them and writes half of them.
double update_bytes(std::string_view what);
/// Rows A10Mf32/adam/1, A10Mf32/copy/1, …
void register_updates(Medians& medians);

}  // namespace bench
