// CSV: any bytes, under each kind of options; what is read, written and read again is the same.
#include "nn/data/csv.hpp"

#include "tests/fuzz/refuses.hpp"

using namespace wengert;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reads_or_refuses(data, size, [](std::string_view bytes) {
    for (const nn::CsvOptions& options :
         {nn::CsvOptions{}, nn::CsvOptions{.separator = ';', .header = true, .skip_rows = 1, .missing = {"", "NA"}}}) {
      nn::csv_fields(bytes, options);
      const Tensor<double> table = nn::parse_csv(bytes, options);
      if (table.size() == 0) continue;
      const Tensor<double> back = nn::parse_csv(nn::csv_text(table));
      fuzz::expect(back.shape() == table.shape());
      for (std::int64_t i = 0; i < table.size(); ++i) {
        const double x = table.data()[i], y = back.data()[i];
        fuzz::expect(x == y || (x != x && y != y));
      }
    }
  });
}
