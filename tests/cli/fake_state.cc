#include "clients/cli/json.h"
#include "tests/cli/fake_daemon.h"

namespace warmup::cli {

void FakeState::Fail(const std::string& method, const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  failures_[method] = status;
}

std::string FakeState::LastRequest(const std::string& method) const {
  const std::lock_guard lock(mutex_);
  const auto it = requests_.find(method);
  return it == requests_.end() ? "" : it->second;
}

void FakeState::HoldStreams() {
  const std::lock_guard lock(mutex_);
  is_held_ = true;
}

void FakeState::Release() {
  const std::lock_guard lock(mutex_);
  is_held_ = false;
  released_.notify_all();
}

grpc::Status FakeState::Take(const std::string& method,
                             const google::protobuf::Message& request) {
  const std::lock_guard lock(mutex_);
  requests_[method] = ToJson(request);
  const auto it = failures_.find(method);
  return it == failures_.end() ? grpc::Status::OK : it->second;
}

void FakeState::WaitWhileHeld() {
  std::unique_lock lock(mutex_);
  released_.wait(lock, [this] { return !is_held_; });
}

bool FakeState::is_serving() const {
  const std::lock_guard lock(mutex_);
  return is_serving_;
}

void FakeState::set_is_serving(bool is_serving) {
  const std::lock_guard lock(mutex_);
  is_serving_ = is_serving;
}

v1::SwitchingPolicy FakeState::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

void FakeState::set_policy(const v1::SwitchingPolicy& policy) {
  const std::lock_guard lock(mutex_);
  policy_ = policy;
}

}  // namespace warmup::cli
