#ifndef WARMUP_TESTS_SUPPORT_FAKE_ENGINE_H_
#define WARMUP_TESTS_SUPPORT_FAKE_ENGINE_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// An engine whose loads end when the test says so (Finish, Fail), or at once
// (`is_instant`). Cancelled loads end by themselves. Thread-safe. It also
// keeps watch over the port's promise that Load and Unload of one model never
// overlap: `had_overlap`.
class FakeEngine final : public Engine {
 public:
  static constexpr int64_t kDescribedBytes = 7;

  explicit FakeEngine(bool is_instant, const std::string& id = "fake",
                      const std::string& endpoint = "")
      : info_({.id = id,
               .kind = "fake",
               .endpoint = endpoint,
               .version = "1",
               .abilities = {}}),
        is_instant_(is_instant) {}

  EngineInfo info() const override { return info_; }

  absl::StatusOr<std::vector<ModelSpec>> Discover() override {
    MutexLock lock(mutex_);
    return offered_;
  }

  // Knows the size of every model.
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override {
    ModelSpec described = spec;
    if (described.size_bytes == 0) described.size_bytes = kDescribedBytes;
    return described;
  }

  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override {
    MutexLock lock(mutex_);
    Enter(spec.id);
    ++load_count_;
    loading_.insert(spec.id);
    changed_.NotifyAll();
    while (!is_instant_ && !ends_.contains(spec.id) && !control.IsCancelled()) {
      changed_.WaitFor(mutex_, absl::Milliseconds(5));
    }
    Leave(spec.id);
    loading_.erase(spec.id);
    absl::Status end = absl::OkStatus();
    if (const auto it = ends_.find(spec.id); it != ends_.end()) {
      end = it->second;
      ends_.erase(it);
    } else if (control.IsCancelled()) {
      end = absl::CancelledError("cancelled");
    }
    changed_.NotifyAll();
    if (!end.ok()) return end;
    resident_.insert(spec.id);
    return LoadResult{
        .residency = {Tier::kReady, spec.size_bytes, spec.size_bytes},
        .read_bytes = spec.size_bytes,
        .start = LoadStart::kCold};
  }

  absl::Status Unload(const ModelSpec& spec) override {
    MutexLock lock(mutex_);
    Enter(spec.id);
    resident_.erase(spec.id);
    Leave(spec.id);
    changed_.NotifyAll();
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override {
    MutexLock lock(mutex_);
    ++look_count_;
    changed_.NotifyAll();
    if (!health_.ok()) return health_;
    std::vector<Sighting> sightings;
    for (const ModelSpec& spec : specs) {
      Sighting& sighting = sightings.emplace_back();
      if (!resident_.contains(spec.id)) continue;
      sighting.residency = {Tier::kReady, spec.size_bytes, spec.size_bytes};
      sighting.uses = std::exchange(uses_[spec.id], 0);
    }
    return sightings;
  }

  // --- For the test ---
  void Finish(const ModelId& id) { End(id, absl::OkStatus()); }
  void Fail(const ModelId& id, absl::Status status) {
    End(id, std::move(status));
  }
  void Offer(std::vector<ModelSpec> specs) {
    MutexLock lock(mutex_);
    offered_ = std::move(specs);
  }
  void AwaitLoading(const ModelId& id) {
    MutexLock lock(mutex_);
    while (!loading_.contains(id)) changed_.Wait(mutex_);
  }
  // As if the engine's user had done it.
  void SetResident(const ModelId& id, bool is_resident) {
    MutexLock lock(mutex_);
    is_resident ? void(resident_.insert(id)) : void(resident_.erase(id));
  }
  void Use(const ModelId& id) {
    MutexLock lock(mutex_);
    ++uses_[id];
  }
  // What a look answers instead, unless OK.
  void SetHealth(absl::Status health) {
    MutexLock lock(mutex_);
    health_ = std::move(health);
  }
  int look_count() const {
    MutexLock lock(mutex_);
    return look_count_;
  }
  // False: not within a moment.
  bool AwaitLooks(int count) {
    MutexLock lock(mutex_);
    if (look_count_ < count) changed_.WaitFor(mutex_, absl::Milliseconds(50));
    return look_count_ >= count;
  }
  std::set<ModelId> resident() const {
    MutexLock lock(mutex_);
    return resident_;
  }
  int load_count() const {
    MutexLock lock(mutex_);
    return load_count_;
  }
  bool had_overlap() const {
    MutexLock lock(mutex_);
    return had_overlap_;
  }

 private:
  void End(const ModelId& id, absl::Status status) {
    MutexLock lock(mutex_);
    ends_[id] = std::move(status);
    changed_.NotifyAll();
  }
  void Enter(const ModelId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    had_overlap_ |= !busy_.insert(id).second;
  }
  void Leave(const ModelId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    busy_.erase(id);
  }

  const EngineInfo info_;
  const bool is_instant_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<ModelSpec> offered_ ABSL_GUARDED_BY(mutex_);
  std::map<ModelId, absl::Status> ends_ ABSL_GUARDED_BY(mutex_);
  std::set<ModelId> loading_ ABSL_GUARDED_BY(mutex_);
  std::set<ModelId> resident_ ABSL_GUARDED_BY(mutex_);
  std::set<ModelId> busy_ ABSL_GUARDED_BY(mutex_);
  std::map<ModelId, int64_t> uses_ ABSL_GUARDED_BY(mutex_);
  absl::Status health_ ABSL_GUARDED_BY(mutex_);
  int load_count_ ABSL_GUARDED_BY(mutex_) = 0;
  int look_count_ ABSL_GUARDED_BY(mutex_) = 0;
  bool had_overlap_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_ENGINE_H_
