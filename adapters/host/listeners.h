#ifndef WARMUP_ADAPTERS_HOST_LISTENERS_H_
#define WARMUP_ADAPTERS_HOST_LISTENERS_H_

#include <cstdint>
#include <optional>
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

// The one that a connection to this TCP port of loopback gets to, with the
// process it began with. Nothing where there is none, or its process is not one
// that we may look at. Looks at the newest processes first, and so is faster
// than listing all for a server that was started a moment ago.
std::optional<Listener> FindLoopbackListener(int port,
                                             const std::string& proc = "/proc");

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_HOST_LISTENERS_H_
