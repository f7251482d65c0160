#include "autodiff/ops/registry.hpp"

namespace wengert {

template <class T>
std::vector<Entry<T>> registry() {
  std::vector<Entry<T>> all;
  for (auto family :
       {map_entries<T>, matmul_entries<T>, reshape_entries<T>, broadcast_entries<T>, slice_entries<T>, join_entries<T>,
        reduce_entries<T>, scan_entries<T>, softmax_entries<T>, cross_entropy_entries<T>, index_entries<T>,
        gather_entries<T>, factor_entries<T>, determinant_entries<T>, random_entries<T>}) {
    for (Entry<T>& entry : family()) all.push_back(std::move(entry));
  }
  return all;
}

template std::vector<Entry<float>> registry();
template std::vector<Entry<double>> registry();

}  // namespace wengert
