#include "adapters/host/proc_file.h"

#include <charconv>
#include <fstream>
#include <limits>
#include <system_error>

namespace warmup::proc_file {
namespace {

constexpr int64_t kKibibyte = 1024;

}  // namespace

std::string Read(const std::string& path, size_t max_bytes) {
  std::ifstream file(path, std::ios::binary);
  std::string text(max_bytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

std::optional<int64_t> ParseCount(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  return value;
}

std::optional<int64_t> CountAfter(std::string_view text, std::string_view key) {
  for (size_t at = text.find(key); at != std::string_view::npos;
       at = text.find(key, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') {
      return ParseCount(text.substr(at + key.size()));
    }
  }
  return std::nullopt;
}

std::optional<int64_t> KibibytesAfter(std::string_view text,
                                      std::string_view key) {
  const auto count = CountAfter(text, key);
  if (!count || *count > std::numeric_limits<int64_t>::max() / kKibibyte) {
    return std::nullopt;
  }
  return *count * kKibibyte;
}

}  // namespace warmup::proc_file
