#ifndef WARMUP_TESTS_SUPPORT_PROMTOOL_H_
#define WARMUP_TESTS_SUPPORT_PROMTOOL_H_

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

// Asks the real `promtool check metrics` about a metrics page. Only in tests
// that warmup_promtool_test() registers: they count as skipped where there is
// no promtool, and say so.
#include "tests/support/temp_folder.h"

namespace warmup {

inline bool HasPromtool() {
  if (std::filesystem::exists(WARMUP_PROMTOOL)) return true;
  std::puts("SKIPPED: promtool is not installed");
  return false;
}

// What it has to say; empty: nothing to complain of.
inline std::string PromtoolComplaints(const std::string& page) {
  const TempFolder folder;
  std::ofstream(folder.File("page")) << page;
  const std::string command = std::string("'") + WARMUP_PROMTOOL +
                              "' check metrics < '" + folder.File("page") +
                              "' > '" + folder.File("out") + "' 2>&1";
  const int result = std::system(command.c_str());
  std::ifstream file(folder.File("out"));
  std::string said((std::istreambuf_iterator<char>(file)), {});
  if (result != 0 && said.empty()) said = "failed without a word";
  return said;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_PROMTOOL_H_
