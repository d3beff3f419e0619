#include "adapters/engines/files/model_header.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace warmup {

std::string PrintableText(std::string_view text, size_t max_bytes) {
  std::string result(text.substr(0, max_bytes));
  for (char& c : result) {
    if (c < ' ' || c > '~') c = '?';
  }
  return result;
}

bool ContainsWord(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     same) != text.end();
}

bool IsEncoderArchitecture(std::string_view architecture) {
  static constexpr std::array<std::string_view, 6> kFamilies = {
      "bert", "roberta", "t5encoder", "mpnet", "gte", "electra"};
  return std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](std::string_view family) {
                       return ContainsWord(architecture, family);
                     });
}

}  // namespace warmup
