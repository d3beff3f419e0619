#include "tests/support/fake_kserve.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {

FakeKserve::FakeKserve(Kind kind) : kind_(kind) { Start(); }

FakeKserve::~FakeKserve() { Stop(); }

void FakeKserve::Start() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = false;
    for (auto& [name, model] : models_) model = Model{};
  }
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_),
                           grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  REQUIRE(server_ != nullptr);
  endpoint_ = absl::StrCat("grpc://127.0.0.1:", port_);
}

void FakeKserve::Stop() {
  if (server_ == nullptr) return;
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.NotifyAll();
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void FakeKserve::Add(const std::string& name) {
  MutexLock lock(mutex_);
  models_[name];
}

void FakeKserve::AddEntry(const std::string& name, const std::string& state) {
  MutexLock lock(mutex_);
  models_[name].state = state;
}

void FakeKserve::Use(const std::string& name, int count) {
  MutexLock lock(mutex_);
  Model& model = models_.at(name);
  REQUIRE(model.state == "READY");
  (model.is_dead ? model.failures : model.successes) += count;
}

void FakeKserve::Fail(const std::string& name, int count) {
  MutexLock lock(mutex_);
  models_.at(name).failures += count;
}

void FakeKserve::LoadByUser(const std::string& name) {
  MutexLock lock(mutex_);
  SetReady(models_.at(name));
}

void FakeKserve::UnloadByUser(const std::string& name) {
  MutexLock lock(mutex_);
  SetUnloaded(models_.at(name));
}

void FakeKserve::BeginLoadByUser(const std::string& name) {
  MutexLock lock(mutex_);
  Model& model = models_.at(name);
  ++model.loads;
  model.state = kind_ == Kind::kMlServer ? "UNKNOWN" : "LOADING";
}

void FakeKserve::EndLoadByUser(const std::string& name) {
  MutexLock lock(mutex_);
  Model& model = models_.at(name);
  --model.loads;
  SetReady(model);
  changed_.NotifyAll();
}

void FakeKserve::HoldUses(bool are_held) {
  MutexLock lock(mutex_);
  are_uses_held_ = are_held;
  changed_.NotifyAll();
}

void FakeKserve::AwaitUsing(const std::string& name) {
  REQUIRE(Eventually([&] {
    MutexLock lock(mutex_);
    return models_.at(name).uses > 0;
  }));
}

void FakeKserve::ShowMemory(const std::string& name, const std::string& type,
                            uint64_t bytes) {
  MutexLock lock(mutex_);
  models_.at(name).memory[type] = bytes;
}

void FakeKserve::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_loads_held_ = are_held;
  changed_.NotifyAll();
}

void FakeKserve::AwaitLoading(const std::string& name) {
  REQUIRE(Eventually([&] {
    MutexLock lock(mutex_);
    return models_.at(name).loads > 0;
  }));
}

void FakeKserve::FailLoad(const std::string& name, const grpc::Status& status) {
  MutexLock lock(mutex_);
  failures_[name] = status;
}

void FakeKserve::LieAboutLoads() {
  MutexLock lock(mutex_);
  is_lying_ = true;
}

void FakeKserve::HoldUnloads(bool are_held) {
  MutexLock lock(mutex_);
  are_unloads_held_ = are_held;
}

void FakeKserve::KillWorker(const std::string& name) {
  MutexLock lock(mutex_);
  models_.at(name).is_dead = true;
}

void FakeKserve::Hang(bool is_hanging) {
  MutexLock lock(mutex_);
  is_hanging_ = is_hanging;
  changed_.NotifyAll();
}

void FakeKserve::Answer(const grpc::Status& status) {
  MutexLock lock(mutex_);
  answer_ = status;
}

void FakeKserve::AnswerGarbage() {
  MutexLock lock(mutex_);
  filling_ = "\xff\xff\xff";
}

void FakeKserve::AnswerWithoutEnd() {
  MutexLock lock(mutex_);
  filling_ = std::string(size_t{9} << 20, 'x');
}

void FakeKserve::AnswerAfter(absl::Duration delay) {
  MutexLock lock(mutex_);
  delay_ = delay;
}

void FakeKserve::Heal() {
  MutexLock lock(mutex_);
  answer_.reset();
  filling_.clear();
  delay_ = absl::ZeroDuration();
  failures_.clear();
  is_lying_ = false;
  is_hanging_ = false;
  changed_.NotifyAll();
}

int FakeKserve::CallCount(const std::string& method) const {
  MutexLock lock(mutex_);
  const auto it = calls_.find(method);
  return it == calls_.end() ? 0 : it->second;
}

std::string FakeKserve::StateOf(const std::string& name) const {
  MutexLock lock(mutex_);
  return models_.at(name).state;
}

bool FakeKserve::IsServing(const std::string& name) const {
  MutexLock lock(mutex_);
  const auto it = models_.find(name);
  return it != models_.end() && it->second.state == "READY" &&
         !it->second.is_dead;
}

void FakeKserve::SetReady(Model& model) {
  model.state = "READY";
  model.reason.clear();
  model.successes = 0;
  model.failures = 0;
  model.is_dead = false;
}

void FakeKserve::SetUnloaded(Model& model) {
  model.state = "UNAVAILABLE";
  if (kind_ == Kind::kTriton) model.reason = "unloaded";
}

}  // namespace warmup
