#ifndef WARMUP_TESTS_SUPPORT_FAKE_ENGINE_FINDER_H_
#define WARMUP_TESTS_SUPPORT_FAKE_ENGINE_FINDER_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/ports/engine_finder.h"

namespace warmup {

// Finds what the test put there. Thread-safe.
class FakeEngineFinder final : public EngineFinder {
 public:
  using MakeCallback = std::function<absl::StatusOr<std::shared_ptr<Engine>>(
      const EngineSpec& spec)>;

  void Put(std::shared_ptr<Engine> engine) {
    MutexLock lock(mutex_);
    there_.push_back(std::move(engine));
  }
  void Refuse(NotTaken not_taken) {
    MutexLock lock(mutex_);
    not_taken_.push_back(std::move(not_taken));
  }
  void MakeWith(MakeCallback make) {
    MutexLock lock(mutex_);
    make_ = std::move(make);
  }
  int searches() const {
    MutexLock lock(mutex_);
    return searches_;
  }

  EngineSearch Find(const std::vector<EngineSpec>& known) override {
    MutexLock lock(mutex_);
    ++searches_;
    EngineSearch search{{}, not_taken_};
    for (const auto& engine : there_) {
      const bool is_known =
          std::any_of(known.begin(), known.end(), [&](const EngineSpec& spec) {
            return spec.id == engine->info().id ||
                   spec.endpoint == engine->info().endpoint;
          });
      if (!is_known) search.engines.push_back(engine);
    }
    return search;
  }
  absl::StatusOr<std::shared_ptr<Engine>> Make(
      const EngineSpec& spec) override {
    MutexLock lock(mutex_);
    if (!make_) return absl::UnavailableError("nobody answers");
    return make_(spec);
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Engine>> there_ ABSL_GUARDED_BY(mutex_);
  std::vector<NotTaken> not_taken_ ABSL_GUARDED_BY(mutex_);
  MakeCallback make_ ABSL_GUARDED_BY(mutex_);
  int searches_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_ENGINE_FINDER_H_
