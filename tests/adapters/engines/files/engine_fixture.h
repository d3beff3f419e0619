#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_FILES_ENGINE_FIXTURE_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_FILES_ENGINE_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/engines/files/files_engine.h"
#include "tests/support/catch.h"

namespace warmup {

inline constexpr int64_t kStep = CachedFile::kStepBytes;
// Four steps and a part of one, which ends within a page.
inline constexpr int64_t kWeights = 4 * kStep + 1'000'001;

// The runtime's side of one load. One thread at a time.
class TestControl final : public LoadControl {
 public:
  // Told of all progress; true cancels the load.
  using OnProgress = std::function<bool(int64_t done_bytes)>;
  explicit TestControl(OnProgress on_progress = [](int64_t) { return false; })
      : on_progress_(std::move(on_progress)) {}

  bool IsCancelled() const override { return is_cancelled_; }
  void ReportProgress(int64_t done_bytes, int64_t total_bytes) override {
    progress_.push_back(done_bytes);
    total_ = total_bytes;
    is_cancelled_ |= on_progress_(done_bytes);
  }
  const std::vector<int64_t>& progress() const { return progress_; }
  int64_t total() const { return total_; }

 private:
  const OnProgress on_progress_;
  std::vector<int64_t> progress_;
  int64_t total_ = 0;
  bool is_cancelled_ = false;
};

inline ModelSpec Model(const ModelId& id, const std::string& source) {
  ModelSpec spec;
  spec.id = id;
  spec.engine = "files";
  spec.source = source;
  return spec;
}

inline LoadResult LoadOk(FilesEngine& engine, const ModelSpec& spec) {
  TestControl control;
  const auto result = engine.Load(spec, control);
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return *result;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_FILES_ENGINE_FIXTURE_H_
