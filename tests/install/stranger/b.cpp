#include <nn/nn.hpp>

#include "every_header.hpp"
#include "every_header.hpp"

int other_unit() { return wengert::Tensor<float>({1, 2, 3}).size() == 3 ? 0 : 2; }
