#include "tests/support/fake_ollama.h"

#include <utility>

#include "absl/time/clock.h"

namespace warmup {
void FakeOllama::Add(Model model) {
  if (model.digest.empty()) model.digest = "sha256:" + model.name;
  if (model.blob.empty()) model.blob = "/blobs/" + model.digest;
  MutexLock lock(mutex_);
  models_[model.name] = std::move(model);
}

void FakeOllama::Delete(const std::string& name) {
  MutexLock lock(mutex_);
  models_.erase(name);
}

void FakeOllama::Use(const std::string& name, absl::Duration keep_alive) {
  MutexLock lock(mutex_);
  Begin(name, keep_alive);
  End(name);
}

void FakeOllama::BeginStream(const std::string& name,
                             absl::Duration keep_alive) {
  MutexLock lock(mutex_);
  Begin(name, keep_alive);
}

void FakeOllama::EndStream(const std::string& name) {
  MutexLock lock(mutex_);
  End(name);
}

void FakeOllama::Drop(const std::string& name) {
  MutexLock lock(mutex_);
  runners_.erase(DigestOf(name));
}

void FakeOllama::SetExpiry(const std::string& name, absl::Time expires_at) {
  MutexLock lock(mutex_);
  runners_.at(DigestOf(name)).expires_at = expires_at;
}

void FakeOllama::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_loads_held_ = are_held;
  changed_.NotifyAll();
}

void FakeOllama::AwaitLoading(const std::string& name) {
  MutexLock lock(mutex_);
  while (loading_[name] == 0) changed_.Wait(mutex_);
}

void FakeOllama::AwaitAborted(int count) {
  MutexLock lock(mutex_);
  while (aborted_ < count) changed_.Wait(mutex_);
}

void FakeOllama::FailLoad(const std::string& name, int status,
                          const std::string& body) {
  MutexLock lock(mutex_);
  failures_[name] = {status, body};
}

void FakeOllama::LieAboutLoads() {
  MutexLock lock(mutex_);
  is_lying_ = true;
}

void FakeOllama::IgnoreDisconnects() {
  MutexLock lock(mutex_);
  ignores_disconnects_ = true;
}

void FakeOllama::ShowExpiryLate() {
  MutexLock lock(mutex_);
  is_expiry_late_ = true;
}

void FakeOllama::HoldUnloads() {
  MutexLock lock(mutex_);
  are_unloads_held_ = true;
}

void FakeOllama::Heal() {
  FakeHttp::Heal();
  MutexLock lock(mutex_);
  failures_.clear();
}

void FakeOllama::Restart() {
  MutexLock lock(mutex_);
  runners_.clear();
}

bool FakeOllama::IsLoaded(const std::string& name) const {
  MutexLock lock(mutex_);
  return Runs(name);
}

bool FakeOllama::Runs(const std::string& name) const {
  const auto it = runners_.find(DigestOf(name));
  return it != runners_.end() && !it->second.is_dead && !IsOver(it->second);
}

void FakeOllama::SetContextLength(const std::string& name, int64_t length) {
  MutexLock lock(mutex_);
  runners_.at(DigestOf(name)).context_length = length;
}

void FakeOllama::KillRunner(const std::string& name) {
  MutexLock lock(mutex_);
  const auto it = runners_.find(DigestOf(name));
  if (it != runners_.end()) it->second.is_dead = true;
  ++kills_[name];
  changed_.NotifyAll();
}

void FakeOllama::LetModelsExpire() {
  MutexLock lock(mutex_);
  do_models_expire_ = true;
}

void FakeOllama::LimitModels(int count) {
  MutexLock lock(mutex_);
  max_models_ = static_cast<size_t>(count);
}

bool FakeOllama::IsOver(const Runner& runner) const {
  if (runner.requests > 0) return false;
  return runner.unload_looks == 0 ||
         (do_models_expire_ && runner.expires_at < absl::Now());
}

void FakeOllama::EraseGone() {
  for (auto it = runners_.begin(); it != runners_.end();) {
    it = IsOver(it->second) ? runners_.erase(it) : std::next(it);
  }
}

bool FakeOllama::HasRoomFor(const std::string& name) {
  EraseGone();
  if (max_models_ == 0 || runners_.size() < max_models_ || Runs(name)) {
    return true;
  }
  // The first idle one, else the first that will be.
  auto victim = runners_.begin();
  for (auto it = runners_.begin(); it != runners_.end(); ++it) {
    if (it->second.requests == 0) victim = it;
  }
  victim->second.unload_looks = 0;
  return false;
}

absl::Time FakeOllama::ExpiryOf(const std::string& name) const {
  MutexLock lock(mutex_);
  return runners_.at(DigestOf(name)).expires_at;
}

const FakeOllama::Model* FakeOllama::FindModel(const std::string& name) const {
  auto it = models_.find(name);
  if (it == models_.end()) it = models_.find(name + ":latest");
  return it == models_.end() ? nullptr : &it->second;
}

std::string FakeOllama::DigestOf(const std::string& name) const {
  const Model* model = FindModel(name);
  return model == nullptr ? "sha256:" + name : model->digest;
}

void FakeOllama::Begin(const std::string& name, absl::Duration keep_alive) {
  Runner& runner = runners_[DigestOf(name)];
  if (runner.shown.empty()) {
    const Model* model = FindModel(name);
    runner.shown = model == nullptr ? name : model->name;
  }
  runner.keep_alive = keep_alive;
  runner.is_dead = false;
  ++runner.requests;
}

void FakeOllama::End(const std::string& name) {
  Runner& runner = runners_.at(DigestOf(name));
  if (--runner.requests > 0) return;
  if (is_expiry_late_ && runner.has_expiry) {
    runner.shown_expiry = runner.expires_at;
    runner.late_looks = 1;
  }
  runner.expires_at = absl::Now() + runner.keep_alive;
  runner.has_expiry = true;
}

}  // namespace warmup
