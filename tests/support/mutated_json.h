#ifndef WARMUP_TESTS_SUPPORT_MUTATED_JSON_H_
#define WARMUP_TESTS_SUPPORT_MUTATED_JSON_H_

#include <iterator>
#include <random>
#include <string>
#include <string_view>

// For fuzzing the readers of servers' answers.
namespace warmup {

// Values that have been trouble, in JSON.
inline constexpr std::string_view kTroubleInJson[] = {
    "null",        "-1",     "1e30",  "-1e30", "18446744073709551615",
    "0.5",         "true",   "[]",    "{}",    "\"\"",
    "\"\\u0000\"", "1e-999", "[[[[[", "{\"a",  "\"\xff\""};

// A text with up to three faults in it.
inline std::string Mutated(std::string text, std::mt19937_64& random) {
  const auto pick = [&](size_t below) { return random() % below; };
  for (size_t count = 1 + pick(3); count > 0 && !text.empty(); --count) {
    const size_t at = pick(text.size());
    switch (pick(7)) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, 1 + pick(16));
        break;
      case 2:
        text.insert(at, text.substr(pick(text.size()), 1 + pick(64)));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.insert(at, kTroubleInJson[pick(std::size(kTroubleInJson))]);
        break;
      default: {  // a field gets another value
        const size_t colon = text.find(':', at);
        if (colon == std::string::npos) break;
        const size_t end = text.find_first_of(",}]", colon);
        if (end == std::string::npos) break;
        text.replace(colon + 1, end - colon - 1,
                     kTroubleInJson[pick(std::size(kTroubleInJson))]);
        break;
      }
    }
  }
  return text;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_MUTATED_JSON_H_
