#include "tests/support/fake_llama_server.h"

#include <utility>

namespace warmup {

FakeLlamaServer::FakeLlamaServer(const std::string& single) : is_single_(true) {
  AddNamed(single);
  {
    MutexLock lock(mutex_);
    Begin(models_.begin()->second, "loaded");
  }
  Start();
}

void FakeLlamaServer::Add(Model model) {
  if (model.path.empty()) model.path = "models/" + model.name + ".gguf";
  MutexLock lock(mutex_);
  State& state = models_[model.name];
  state.model = std::move(model);
}

void FakeLlamaServer::SetLimit(int max_models) {
  MutexLock lock(mutex_);
  max_models_ = max_models;
}

void FakeLlamaServer::DropMetrics() {
  MutexLock lock(mutex_);
  has_metrics_ = false;
}

void FakeLlamaServer::DropSlots() {
  MutexLock lock(mutex_);
  has_slots_ = false;
}

void FakeLlamaServer::Use(const std::string& name) {
  BeginStream(name);
  EndStream(name);
}

void FakeLlamaServer::BeginStream(const std::string& name) {
  MutexLock lock(mutex_);
  State& state = models_.at(name);
  if (state.status == "unloaded") MakeRoom();
  if (state.status == "unloaded" || state.status == "loading") {
    Begin(state, "loaded");
  }
  state.status = "loaded";
  CountUse(state);
  ++state.streams;
}

void FakeLlamaServer::EndStream(const std::string& name) {
  MutexLock lock(mutex_);
  --models_.at(name).streams;
}

void FakeLlamaServer::LoadByHand(const std::string& name) {
  MutexLock lock(mutex_);
  Begin(models_.at(name), "loaded");
}

void FakeLlamaServer::UnloadByHand(const std::string& name) {
  MutexLock lock(mutex_);
  BeginUnload(models_.at(name));
}

void FakeLlamaServer::Sleep(const std::string& name) {
  MutexLock lock(mutex_);
  models_.at(name).status = "sleeping";
}

void FakeLlamaServer::Download(const std::string& name) {
  MutexLock lock(mutex_);
  models_.at(name).status = "downloading";
}

void FakeLlamaServer::KillChild(const std::string& name) {
  MutexLock lock(mutex_);
  End(models_.at(name), /*has_failed=*/true);
}

void FakeLlamaServer::EndChild(const std::string& name) {
  MutexLock lock(mutex_);
  models_.at(name).is_silent = true;
}

void FakeLlamaServer::SetLoading(bool is_loading) {
  MutexLock lock(mutex_);
  models_.begin()->second.status = is_loading ? "loading" : "loaded";
}

void FakeLlamaServer::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_loads_held_ = are_held;
}

void FakeLlamaServer::AwaitLoading(const std::string& name) {
  MutexLock lock(mutex_);
  while (models_.at(name).status != "loading") changed_.Wait(mutex_);
}

void FakeLlamaServer::HoldUnloads() {
  MutexLock lock(mutex_);
  are_unloads_held_ = true;
}

void FakeLlamaServer::BreakLoads(const std::string& name) {
  MutexLock lock(mutex_);
  models_.at(name).is_broken = true;
}

void FakeLlamaServer::LieAboutLoads() {
  MutexLock lock(mutex_);
  is_lying_ = true;
}

void FakeLlamaServer::Heal() {
  FakeHttp::Heal();
  MutexLock lock(mutex_);
  is_lying_ = false;
}

void FakeLlamaServer::Restart() {
  MutexLock lock(mutex_);
  for (auto& [name, state] : models_) {
    State fresh;
    fresh.model = state.model;
    fresh.is_broken = state.is_broken;
    state = fresh;
  }
}

bool FakeLlamaServer::IsLoaded(const std::string& name) {
  return StatusOf(name) == "loaded";
}

std::string FakeLlamaServer::StatusOf(const std::string& name) {
  MutexLock lock(mutex_);
  State& state = models_.at(name);
  if (!is_single_) PassLook(state);
  return state.status;
}

int FakeLlamaServer::AutoloadCount() const {
  MutexLock lock(mutex_);
  return autoloads_;
}

int FakeLlamaServer::WakeCount() const {
  MutexLock lock(mutex_);
  return wakes_;
}

FakeLlamaServer::State* FakeLlamaServer::FindState(const std::string& name) {
  for (auto& [id, state] : models_) {
    if (id == name) return &state;
    for (const std::string& alias : state.model.aliases) {
      if (alias == name) return &state;
    }
  }
  return nullptr;
}

void FakeLlamaServer::Begin(State& state, const std::string& status) {
  state.status = status;
  state.has_failed = false;
  state.port = ++next_port_;
  state.looks = status == "loading" ? kLoadLooks : -1;
  state.used = ++uses_;
  changed_.NotifyAll();
}

void FakeLlamaServer::BeginUnload(State& state) {
  // One that is still loading is killed.
  if (state.status == "loading") return End(state, /*has_failed=*/true);
  state.is_ending = true;
  state.looks = kUnloadLooks;
}

void FakeLlamaServer::End(State& state, bool has_failed) {
  State ended;
  ended.model = state.model;
  ended.is_broken = state.is_broken;
  ended.port = state.port;
  ended.has_failed = has_failed;
  state = ended;
  changed_.NotifyAll();
}

void FakeLlamaServer::CountUse(State& state) {
  state.prompt_tokens += 7;
  state.task = next_task_++;
  state.used = ++uses_;
}

bool FakeLlamaServer::MakeRoom() {
  int count = 0;
  State* victim = nullptr;
  for (auto& [name, state] : models_) {
    if (state.status == "unloaded") continue;
    ++count;
    if (state.status == "loading" || state.streams > 0) continue;
    if (victim == nullptr || state.used < victim->used) victim = &state;
  }
  if (count < max_models_) return true;
  if (victim == nullptr) return false;
  End(*victim, /*has_failed=*/false);
  return true;
}

void FakeLlamaServer::PassLook(State& state) {
  if (state.looks < 0) return;
  if (state.is_ending ? are_unloads_held_ || state.streams > 0
                      : are_loads_held_) {
    return;
  }
  if (state.looks-- > 0) return;
  if (state.is_ending) return End(state, /*has_failed=*/false);
  if (state.is_broken) return End(state, /*has_failed=*/true);
  state.status = "loaded";
}

}  // namespace warmup
