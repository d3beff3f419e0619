#ifndef WARMUP_TESTS_SUPPORT_FAKE_STORE_H_
#define WARMUP_TESTS_SUPPORT_FAKE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/ports/store.h"

namespace warmup {

// A store in memory that can be told to fail or to hang, and the log of use in
// it. Thread-safe.
class FakeStore final : public Store, public UseLog {
 public:
  absl::StatusOr<StoredState> Load() override {
    MutexLock lock(mutex_);
    return state_;
  }

  absl::Status Commit(const std::vector<StoreChange>& changes) override {
    MutexLock lock(mutex_);
    ++tries_;
    changed_.NotifyAll();
    while (is_hanging_) changed_.Wait(mutex_);
    if (!failure_.ok()) return failure_;
    for (const StoreChange& change : changes) {
      if (const auto* put = std::get_if<PutModel>(&change);
          put != nullptr && put->spec.id == poison_) {
        return absl::InvalidArgumentError("poison");
      }
    }
    commits_.push_back(changes);
    changed_.NotifyAll();
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<UseRecord>> Read(const UseQuery& query) override {
    MutexLock lock(mutex_);
    if (!read_failure_.ok()) return read_failure_;
    std::map<std::pair<absl::Time, int64_t>, UseRecord> log;
    for (const std::vector<StoreChange>& commit : commits_) {
      for (const StoreChange& change : commit) {
        const auto* use = std::get_if<AppendUse>(&change);
        if (use == nullptr) continue;
        log[{use->record.at, use->record.number}] = use->record;
      }
    }
    std::vector<UseRecord> records;
    for (auto it = log.upper_bound({query.after.at, query.after.number});
         it != log.end() && it->second.at < query.until &&
         records.size() < query.max_count;
         ++it) {
      if (!query.has_context && it->second.kind != UseKind::kUse) continue;
      records.push_back(it->second);
    }
    return records;
  }

  // Every read of the log fails with it.
  void FailReadsWith(absl::Status status) {
    MutexLock lock(mutex_);
    read_failure_ = std::move(status);
  }
  // What the next Load finds.
  void SetState(StoredState state) {
    MutexLock lock(mutex_);
    state_ = std::move(state);
  }
  // Every commit fails with it; OK: they succeed again.
  void FailWith(absl::Status status) {
    MutexLock lock(mutex_);
    failure_ = std::move(status);
  }
  // Commits with this model are INVALID_ARGUMENT.
  void Refuse(const ModelId& id) {
    MutexLock lock(mutex_);
    poison_ = id;
  }
  // Commits wait until Resume.
  void Hang() {
    MutexLock lock(mutex_);
    is_hanging_ = true;
  }
  void Resume() {
    MutexLock lock(mutex_);
    is_hanging_ = false;
    changed_.NotifyAll();
  }
  // Waits until so many commits were tried or done since the beginning.
  void WaitForTries(size_t count) {
    MutexLock lock(mutex_);
    while (tries_ < count) changed_.Wait(mutex_);
  }
  void WaitForCommits(size_t count) {
    MutexLock lock(mutex_);
    while (commits_.size() < count) changed_.Wait(mutex_);
  }
  size_t tries() const {
    MutexLock lock(mutex_);
    return tries_;
  }
  std::vector<std::vector<StoreChange>> commits() const {
    MutexLock lock(mutex_);
    return commits_;
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  StoredState state_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  absl::Status read_failure_ ABSL_GUARDED_BY(mutex_);
  ModelId poison_ ABSL_GUARDED_BY(mutex_);
  bool is_hanging_ ABSL_GUARDED_BY(mutex_) = false;
  size_t tries_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::vector<StoreChange>> commits_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_STORE_H_
