#include "every_header_twice.hpp"

// Reading files links zlib, so this fails if an archive does not say what is behind it.
int other_unit() {
  try {
    return wengert::nn::read_file("a file that is not there").empty() ? 2 : 3;
  } catch (const wengert::FileError&) {
    return wengert::Tensor<float>({1, 2, 3}).size() == 3 ? 0 : 4;
  }
}
