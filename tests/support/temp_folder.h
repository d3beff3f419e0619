#ifndef WARMUP_TESTS_SUPPORT_TEMP_FOLDER_H_
#define WARMUP_TESTS_SUPPORT_TEMP_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace warmup {

// A folder that goes with the test.
class TempFolder {
 public:
  explicit TempFolder(const std::filesystem::path& parent =
                          std::filesystem::temp_directory_path()) {
    std::filesystem::create_directories(parent);
    std::string name = (parent / "warmup_test_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string path() const { return path_; }
  std::string File(const std::string& name) const { return path_ / name; }
  // Names in the folder that contain `part`.
  std::vector<std::string> FilesWith(const std::string& part) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      const std::string name = entry.path().filename();
      if (name.find(part) != std::string::npos) names.push_back(name);
    }
    return names;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_TEMP_FOLDER_H_
