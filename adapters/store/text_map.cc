#include "adapters/store/text_map.h"

#include "warmup/v1/text_map.pb.h"

namespace warmup {

std::string EncodeTextMap(const std::map<std::string, std::string>& entries) {
  if (entries.empty()) return "";
  v1::TextMap map;
  for (const auto& [key, value] : entries) {
    v1::TextEntry& entry = *map.add_entries();
    entry.set_key(key);
    entry.set_value(value);
  }
  return map.SerializeAsString();
}

absl::StatusOr<std::map<std::string, std::string>> DecodeTextMap(
    const std::string& bytes) {
  std::map<std::string, std::string> entries;
  if (bytes.empty()) return entries;
  v1::TextMap map;
  if (!map.ParseFromString(bytes)) {
    return absl::DataLossError("not a map of texts");
  }
  for (const v1::TextEntry& entry : map.entries()) {
    entries.emplace(entry.key(), entry.value());
  }
  return entries;
}

}  // namespace warmup
