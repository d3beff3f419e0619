// The readers' fuzzing entry: any bytes at all give a header or an error.
// Linked with -fsanitize=fuzzer it is a libFuzzer target; header_fuzz_test.cc
// calls it with mutations of valid headers.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "adapters/engines/files/byte_source.h"
#include "adapters/engines/files/gguf_header.h"
#include "adapters/engines/files/safetensors_header.h"

namespace {

void Check(const absl::StatusOr<warmup::ModelHeader>& header) {
  if (!header.ok()) {
    if (!absl::IsFailedPrecondition(header.status())) std::abort();
    return;
  }
  if (header->context_length < 0 || header->parameter_count < 0) std::abort();
  for (const std::string* text : {&header->name, &header->architecture}) {
    if (text->size() > warmup::kMaxHeaderTextBytes) std::abort();
    for (const char c : *text) {
      if (c < ' ' || c > '~') std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  warmup::MemorySource gguf(bytes);
  Check(warmup::ReadGgufHeader(gguf));
  warmup::MemorySource safetensors(bytes);
  Check(warmup::ReadSafetensorsHeader(safetensors));
  return 0;
}
