#ifndef WARMUP_ADAPTERS_HOST_PROCESS_MEMORY_H_
#define WARMUP_ADAPTERS_HOST_PROCESS_MEMORY_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace warmup {

// The memory of other servers of this user on this host, as /proc tells it: for
// engines that do not tell what their models take.
//
// What a process takes is its PSS: what it has alone and its part of what it
// shares, so that a sum counts nothing twice. Mapped file pages are in it,
// memory of GPUs is not. Where the kernel does not tell the PSS it is the RSS.
//
// Each call reads /proc anew: some milliseconds. Thread-safe; keeps nothing.
class ProcessMemory {
 public:
  struct Options {
    std::string proc = "/proc";
  };
  explicit ProcessMemory(Options options);

  // Of the process that listens on this TCP port of loopback, or of all
  // addresses, and of those below it. Nothing when there is none of this user,
  // or it is this process itself.
  std::optional<int64_t> BytesBehindPort(int port) const;

  // Of a process and those below it; 0 when it is gone.
  int64_t TreeBytes(pid_t pid) const;

 private:
  const Options options_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_HOST_PROCESS_MEMORY_H_
