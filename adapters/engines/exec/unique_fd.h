#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_UNIQUE_FD_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace warmup::exec {

// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Close(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_UNIQUE_FD_H_
