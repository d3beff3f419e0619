#ifndef WARMUP_TESTS_SUPPORT_BACKGROUND_LOAD_H_
#define WARMUP_TESTS_SUPPORT_BACKGROUND_LOAD_H_

#include <atomic>
#include <cstdint>
#include <thread>

#include "absl/status/statusor.h"
#include "core/model/model.h"
#include "core/ports/engine.h"

namespace warmup {

// The runtime's side of one load. Thread-safe.
class TestControl final : public LoadControl {
 public:
  bool IsCancelled() const override { return is_cancelled_; }
  void ReportProgress(int64_t done_bytes, int64_t /*total_bytes*/) override {
    done_bytes_ = done_bytes;
  }
  void Cancel() { is_cancelled_ = true; }
  int64_t done_bytes() const { return done_bytes_; }  // -1: none reported

 private:
  std::atomic<bool> is_cancelled_{false};
  std::atomic<int64_t> done_bytes_{-1};
};

// A load on a thread of its own, cancelled with this object. `engine` outlives
// it.
class BackgroundLoad {
 public:
  BackgroundLoad(Engine& engine, const ModelSpec& spec)
      : thread_([this, &engine, spec] {
          result_ = engine.Load(spec, control_);
          has_ended_ = true;
        }) {}
  ~BackgroundLoad() {
    control_.Cancel();
    Result();
  }
  BackgroundLoad(const BackgroundLoad&) = delete;
  BackgroundLoad& operator=(const BackgroundLoad&) = delete;

  void Cancel() { control_.Cancel(); }
  bool has_ended() const { return has_ended_; }
  // Waits for it.
  const absl::StatusOr<LoadResult>& Result() {
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  TestControl control_;
  std::atomic<bool> has_ended_ = false;
  absl::StatusOr<LoadResult> result_;
  std::thread thread_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_BACKGROUND_LOAD_H_
