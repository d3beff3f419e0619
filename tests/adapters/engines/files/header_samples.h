#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_FILES_HEADER_SAMPLES_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_FILES_HEADER_SAMPLES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warmup {

// Writes GGUF files, value by value.
class GgufWriter {
 public:
  GgufWriter& Text(std::string_view key, std::string_view value);
  GgufWriter& Uint32(std::string_view key, uint32_t value);
  GgufWriter& TextList(std::string_view key,
                       const std::vector<std::string>& values);
  // A tensor of half-precision numbers.
  GgufWriter& Tensor(std::string_view name, std::vector<uint64_t> extents);
  // The file's bytes, tensors' data (zeros) included.
  std::string Bytes() const;

 private:
  std::string values_;
  uint64_t value_count_ = 0;
  std::string tensors_;
  uint64_t tensor_count_ = 0;
  uint64_t data_bytes_ = 0;
};

// The header's length, the header and `data_bytes` zeros.
std::string SafetensorsBytes(std::string_view header, size_t data_bytes);

// Two tensors, 2 * 3 and 4 numbers of 2 bytes, and metadata.
std::string SampleSafetensors();
// A small chat model.
GgufWriter SampleGguf();

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_FILES_HEADER_SAMPLES_H_
