#include "tests/adapters/engines/files/header_samples.h"

#include <type_traits>

namespace warmup {
namespace {

constexpr uint32_t kUint32Type = 4;
constexpr uint32_t kStringType = 8;
constexpr uint32_t kArrayType = 9;
constexpr uint32_t kHalfTensor = 1;
constexpr size_t kAlignment = 32;

template <typename Number>
void Append(std::string& to, Number value) {
  static_assert(std::is_arithmetic_v<Number>);
  to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendText(std::string& to, std::string_view text) {
  Append<uint64_t>(to, text.size());
  to.append(text);
}

}  // namespace

GgufWriter& GgufWriter::Text(std::string_view key, std::string_view value) {
  AppendText(values_, key);
  Append(values_, kStringType);
  AppendText(values_, value);
  ++value_count_;
  return *this;
}

GgufWriter& GgufWriter::Uint32(std::string_view key, uint32_t value) {
  AppendText(values_, key);
  Append(values_, kUint32Type);
  Append(values_, value);
  ++value_count_;
  return *this;
}

GgufWriter& GgufWriter::TextList(std::string_view key,
                                 const std::vector<std::string>& values) {
  AppendText(values_, key);
  Append(values_, kArrayType);
  Append(values_, kStringType);
  Append<uint64_t>(values_, values.size());
  for (const std::string& value : values) AppendText(values_, value);
  ++value_count_;
  return *this;
}

GgufWriter& GgufWriter::Tensor(std::string_view name,
                               std::vector<uint64_t> extents) {
  AppendText(tensors_, name);
  Append<uint32_t>(tensors_, static_cast<uint32_t>(extents.size()));
  uint64_t elements = 1;
  for (const uint64_t extent : extents) {
    Append(tensors_, extent);
    elements *= extent;
  }
  Append(tensors_, kHalfTensor);
  Append(tensors_, data_bytes_);
  data_bytes_ += 2 * elements;
  ++tensor_count_;
  return *this;
}

std::string GgufWriter::Bytes() const {
  std::string bytes = "GGUF";
  Append<uint32_t>(bytes, 3);
  Append(bytes, tensor_count_);
  Append(bytes, value_count_);
  bytes += values_ + tensors_;
  bytes.resize((bytes.size() + kAlignment - 1) / kAlignment * kAlignment);
  bytes.resize(bytes.size() + data_bytes_);
  return bytes;
}

std::string SafetensorsBytes(std::string_view header, size_t data_bytes) {
  std::string bytes;
  AppendText(bytes, header);
  bytes.resize(bytes.size() + data_bytes);
  return bytes;
}

std::string SampleSafetensors() {
  return SafetensorsBytes(
      R"({"__metadata__":{"format":"pt","modelspec.title":"Tiny"},)"
      R"("a.weight":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},)"
      R"("b":{"dtype":"BF16","shape":[4],"data_offsets":[12,20]}})",
      20);
}

GgufWriter SampleGguf() {
  GgufWriter writer;
  writer.Text("general.architecture", "llama")
      .Text("general.name", "Tiny Llama")
      .Uint32("llama.context_length", 4096)
      .TextList("tokenizer.ggml.tokens", {"a", "bc", ""})
      .Text("tokenizer.chat_template", "{{ messages }}")
      .Tensor("token_embd.weight", {8, 3})
      .Tensor("output.weight", {8, 2});
  return writer;
}

}  // namespace warmup
