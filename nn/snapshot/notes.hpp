/// The notes of a snapshot, read back: numbers and words that must be there.
#pragma once

#include <string>

#include "nn/data/file.hpp"
#include "nn/data/safetensors.hpp"

namespace wengert::nn {

/// Throws FileError `load: "run.safetensors" optimizer: it is "sgd" in the file, "adam" is wanted` for the first note
/// of `required` that the file says otherwise or not at all.
void expect_notes(const Metadata& notes, const Metadata& required, const Origin& origin);

/// The number that `fmt` or std::to_string wrote, bit for bit; N is std::int64_t or double. Throws FileError if there
/// is no such note or it is no number of this type.
template <class N>
N note(const Metadata& notes, const std::string& name, const Origin& origin);

}  // namespace wengert::nn
