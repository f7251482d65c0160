#include <nn/nn.hpp>

#include "every_header_twice.hpp"

int other_unit() { return wengert::Tensor<float>({1, 2, 3}).size() == 3 ? 0 : 2; }
