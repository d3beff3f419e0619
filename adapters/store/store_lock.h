#ifndef WARMUP_ADAPTERS_STORE_STORE_LOCK_H_
#define WARMUP_ADAPTERS_STORE_STORE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace warmup {

// Ownership of a store by one process: an flock on `<path>.lock`, which the
// kernel gives back however the owner ends. The file stays, with the owner's
// process id for people. Thread-safe by having no state that changes.
class StoreLock {
 public:
  // FAILED_PRECONDITION naming the owner if there is one.
  static absl::StatusOr<std::unique_ptr<StoreLock>> Acquire(
      const std::string& store_path);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

 private:
  explicit StoreLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_STORE_LOCK_H_
