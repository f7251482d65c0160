/// A training run in a file, to go on later as if never interrupted: leaves by name (parameters, moments of the
/// optimiser) and notes (step, epoch, seed, method), in the safetensors format.
///
///     const auto leaves = mlp.named_parameters();  // and the moments
///     save_snapshot("run.safetensors", leaves, {{"optimizer", "adam"}, {"step", "1200"}});
///     const Metadata notes = load_snapshot("run.safetensors", leaves, {{"optimizer", "adam"}});
///
/// 1. A snapshot is a copy: what is trained later does not change it.
/// 2. Saving replaces the file whole (`write_file`): a crash or SIGKILL leaves the old one or the new one.
/// 3. Loading sets all leaves or, if anything does not fit, none.
/// 4. Leaves are saved and loaded bit for bit.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/data/safetensors.hpp"
#include "nn/model/mlp.hpp"

namespace wengert::nn {

/// Throws UsageError for a name that stands twice or what is no leaf, ValueError for a name that the format cannot
/// hold, FileError if the file cannot be written.
template <class T>
void save_snapshot(const std::filesystem::path& path, const std::vector<Parameter<T>>& leaves,
                   const Metadata& notes = {}, Source where = Source::here());

/// Sets the leaves, by name, and returns all notes of the file.
///
/// The file holds exactly these leaves, of this type and these shapes (nothing is broadcast or converted), and the
/// notes `required`, word for word. Otherwise throws FileError
/// `load_snapshot: "run.safetensors" tensor "layers.0.bias": the shape is [1, 3] in the file, [3] is wanted` or
/// `load_snapshot: "run.safetensors" optimizer: it is "sgd" in the file, "adam" is wanted`.
/// Throws UsageError as `save_snapshot`.
template <class T>
Metadata load_snapshot(const std::filesystem::path& path, const std::vector<Parameter<T>>& leaves,
                       const Metadata& required = {}, Source where = Source::here());

/// A whole number among notes: what `fmt` or std::to_string wrote. Throws FileError if there is no such note or it is
/// no number from -2^63 to 2^63 - 1.
std::int64_t integer_note(const Metadata& notes, const std::string& name, Source where = Source::here());

}  // namespace wengert::nn
