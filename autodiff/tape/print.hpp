/// The tape for people.
#pragma once

#include <string>

#include "autodiff/tape/tape.hpp"

namespace wengert {

/// One line per node, aligned: its number, operation, inputs, shape, the user's line, and for a node made by a rule the
/// node whose rule made it. Leaves' values are not shown: a tape knows what is to be computed, not what it comes to.
template <class T>
std::string to_string(const Tape<T>& tape);

}  // namespace wengert
