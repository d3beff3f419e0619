#include "core/runtime/store_writer.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

absl::Status TooMany(size_t limit) {
  return MakeError(
      absl::StatusCode::kResourceExhausted, "STORE_BACKLOG",
      absl::StrCat("store: ", limit, " changes wait to be written, the limit"),
      {{"limit", "max_pending"}}, absl::Seconds(1));
}

absl::Status Stopped() {
  return MakeError(absl::StatusCode::kUnavailable, "STORE_STOPPED",
                   "store: the daemon is stopping");
}

}  // namespace

StoreWriter::StoreWriter(Store& store, HealthChanged health_changed,
                         StoreWriterOptions options)
    : store_(store),
      health_changed_(std::move(health_changed)),
      options_(options),
      thread_([this] { Run(); }) {}

StoreWriter::~StoreWriter() {
  Stop();
  {
    MutexLock lock(mutex_);
    is_ending_ = true;
    has_work_.NotifyAll();
  }
  thread_.join();
}

void StoreWriter::Enqueue(std::vector<StoreChange> changes, Done done) {
  Item item;
  item.changes = std::move(changes);
  item.done = std::move(done);
  Push(std::move(item));
}

absl::Status StoreWriter::Flush() { return TryAndWait(/*is_last=*/false); }

void StoreWriter::Stop() {
  // Its error was told by health_changed_.
  TryAndWait(/*is_last=*/true).IgnoreError();
}

absl::Status StoreWriter::TryAndWait(bool is_last) {
  struct Waiter {
    Mutex mutex;
    CondVar answered;
    bool has_answer ABSL_GUARDED_BY(mutex) = false;
    absl::Status status ABSL_GUARDED_BY(mutex);
  };
  // Shared: the callback may still hold it when this wakes up.
  const auto waiter = std::make_shared<Waiter>();
  Item item;
  item.is_urgent = true;
  item.is_last = is_last;
  item.done = [waiter](absl::Status status) {
    MutexLock lock(waiter->mutex);
    waiter->status = std::move(status);
    waiter->has_answer = true;
    waiter->answered.NotifyAll();
  };
  Push(std::move(item));
  MutexLock lock(waiter->mutex);
  while (!waiter->has_answer) waiter->answered.Wait(waiter->mutex);
  return waiter->status;
}

bool StoreWriter::IsHealthy() const {
  MutexLock lock(mutex_);
  return is_healthy_;
}

void StoreWriter::Push(Item item) {
  MutexLock lock(mutex_);
  if (is_closed_) {
    item.status = Stopped();
  } else if (item.changes.size() > options_.max_pending - queued_changes_) {
    item.status = TooMany(options_.max_pending);
  }
  if (!item.status.ok()) item.changes.clear();
  is_closed_ = is_closed_ || item.is_last;
  queued_changes_ += item.changes.size();
  queue_.push_back(std::move(item));
  has_work_.NotifyAll();
}

void StoreWriter::Run() {
  bool is_ending = false;
  while (!is_ending) Work(WaitForWork(&is_ending));
}

std::vector<StoreWriter::Item> StoreWriter::WaitForWork(bool* is_ending) {
  MutexLock lock(mutex_);
  while (queue_.empty() && !is_ending_) {
    if (pending_.empty() || is_closed_) {
      has_work_.Wait(mutex_);
      continue;
    }
    const absl::Duration left = absl::FromChrono(retry_at_ - Clock::now());
    if (left <= absl::ZeroDuration()) break;
    has_work_.WaitFor(mutex_, left);
  }
  *is_ending = is_ending_;
  queued_changes_ = 0;
  return std::exchange(queue_, {});
}

void StoreWriter::Work(std::vector<Item> items) {
  bool must_try = last_status_.ok() || Clock::now() >= retry_at_;
  bool is_last = false;
  for (Item& item : items) {
    must_try = must_try || item.is_urgent;
    is_last = is_last || item.is_last;
    Keep(item);
  }
  absl::Status refused;
  if (must_try && !is_finished_) SetHealth(TryCommit(&refused));
  is_finished_ = is_finished_ || is_last;
  const absl::Status& answer = refused.ok() ? last_status_ : refused;
  for (const Item& item : items) {
    if (item.done) item.done(item.status.ok() ? answer : item.status);
  }
}

void StoreWriter::Keep(Item& item) {
  if (item.changes.size() > options_.max_pending - pending_.size()) {
    // All of it or nothing: half would never have been true.
    item.status = TooMany(options_.max_pending);
    return;
  }
  for (StoreChange& change : item.changes) pending_.Add(std::move(change));
}

absl::Status StoreWriter::TryCommit(absl::Status* refused) {
  if (pending_.empty()) return absl::OkStatus();
  std::vector<StoreChange> changes = pending_.Take();
  absl::Status status = store_.Commit(changes);
  if (absl::IsInvalidArgument(status)) {
    *refused = std::move(status);
    return CommitSingly(std::move(changes));
  }
  if (!status.ok()) {
    for (StoreChange& change : changes) pending_.Add(std::move(change));
  }
  return status;
}

// A change that the store can never take must not hold up the others for ever.
absl::Status StoreWriter::CommitSingly(std::vector<StoreChange> changes) {
  absl::Status failed;
  for (StoreChange& change : changes) {
    if (failed.ok()) {
      std::vector<StoreChange> one;
      one.push_back(std::move(change));
      const absl::Status status = store_.Commit(one);
      if (status.ok() || absl::IsInvalidArgument(status)) continue;
      failed = status;
      pending_.Add(std::move(one.front()));
    } else {
      pending_.Add(std::move(change));
    }
  }
  return failed;
}

void StoreWriter::SetHealth(const absl::Status& status) {
  if (!status.ok()) {
    retry_at_ =
        Clock::now() + absl::ToChronoNanoseconds(options_.retry_interval);
  }
  const bool has_changed = status.ok() != last_status_.ok();
  last_status_ = status;
  {
    MutexLock lock(mutex_);
    is_healthy_ = status.ok();
  }
  if (has_changed && health_changed_) health_changed_(status.ok(), status);
}

}  // namespace warmup
