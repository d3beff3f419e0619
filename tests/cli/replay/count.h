#ifndef WARMUP_TESTS_CLI_REPLAY_COUNT_H_
#define WARMUP_TESTS_CLI_REPLAY_COUNT_H_

#include <string>

namespace warmup::cli {

// How often a part is in a text.
inline size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace warmup::cli

#endif  // WARMUP_TESTS_CLI_REPLAY_COUNT_H_
