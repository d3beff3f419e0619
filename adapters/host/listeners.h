#ifndef WARMUP_ADAPTERS_HOST_LISTENERS_H_
#define WARMUP_ADAPTERS_HOST_LISTENERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace warmup {

// A socket of this machine that somebody listens on.
struct Listener {
  std::string address;  // "127.0.0.1", "::", ...; empty: a Unix socket
  int port = 0;
  std::string path;            // of a Unix socket
  uint64_t inode = 0;          // another one is another listener
  int pid = 0;                 // 0: not one that we may look at
  std::vector<int> ancestors;  // its parent, the parent of that, ...
  std::string command;         // the beginning of its command line
};

// All of them that /proc tells of. Processes are those of our own user (root
// sees everybody's). `proc` is another folder in tests.
absl::StatusOr<std::vector<Listener>> ListListeners(
    const std::string& proc = "/proc");

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_HOST_LISTENERS_H_
