#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_FILES_DISK_FILES_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_FILES_DISK_FILES_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "tests/support/temp_folder.h"

namespace warmup {

// A folder of its own, in the folder the test runs in, that goes with the
// object. It throws where that is a tmpfs, whose files are never cold.
class TemporaryFolder {
 public:
  TemporaryFolder();

  std::string Path(std::string_view name) const;
  // Makes the folders above, too. On the disk when it returns, so that its
  // pages can be dropped; they are in memory.
  std::string Write(std::string_view name, std::string_view bytes) const;
  // A file of that many bytes that are not zero, and cold.
  std::string WriteWeights(std::string_view name, int64_t bytes) const;
  void Link(std::string_view from, std::string_view to) const;

 private:
  const TempFolder folder_;
  const std::filesystem::path path_;
};

// Drops what of the file is in memory; throws if the kernel does not.
void MakeCold(const std::string& path);
// Brings `length` bytes from `offset` on into memory.
void MakeWarm(const std::string& path, int64_t offset, int64_t length);

// Bytes of the file in memory, asked of mincore through a mapping that is the
// test's own. 0 for a file that is not there.
int64_t InMemory(const std::string& path);
// `bytes`, give or take 64 KiB: the kernel takes out pages of its own accord
// (reclaim, DAMON), and keeps one that it has just in hand.
bool HasAboutInMemory(const std::string& path, int64_t bytes);

// How many descriptors and mappings this process has.
struct Handles {
  size_t descriptors = 0;
  size_t mappings = 0;  // of files whose path contains the argument
  bool operator==(const Handles&) const = default;
};
Handles CountHandles(std::string_view path_part);

// Runs `body` in a child process, where it may give up rights for good.
// What it returns, or -1 when it ended otherwise.
int InChild(const std::function<int()>& body);
// Takes a capability (CAP_...) from the calling thread.
void DropCapability(int capability);

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_FILES_DISK_FILES_H_
