#include "tests/support/fake_llama_swap.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace warmup {

using nlohmann::json;

void FakeLlamaSwap::Add(Model model) {
  MutexLock lock(mutex_);
  processes_[model.name];
  models_[model.name] = std::move(model);
}

void FakeLlamaSwap::BeginRequest(const std::string& name,
                                 const std::string& path) {
  MutexLock lock(mutex_);
  const Request request = {absl::StrCat(++last_id_), name, path};
  requests_.push_back(request);
  EmitRequests({{"operation", "upsert"}, {"request", Entry(request)}});
  Want(name);
}

bool FakeLlamaSwap::EndRequest(const std::string& name) {
  MutexLock lock(mutex_);
  const auto it = std::find_if(
      requests_.begin(), requests_.end(),
      [&](const Request& request) { return request.model == name; });
  if (it == requests_.end()) return false;
  const std::string id = it->id;
  requests_.erase(it);
  processes_[name].used_at = absl::Now();
  EmitRequests({{"operation", "remove"}, {"id", id}});
  Advance();
  return true;
}

void FakeLlamaSwap::Use(const std::string& name) {
  BeginRequest(name);
  EndRequest(name);
}

int FakeLlamaSwap::CutCount() const {
  MutexLock lock(mutex_);
  return cut_;
}

void FakeLlamaSwap::UnloadByHand(const std::string& name) {
  MutexLock lock(mutex_);
  Unload(name);
}

void FakeLlamaSwap::SetTtl(const std::string& name, absl::Duration ttl) {
  MutexLock lock(mutex_);
  models_.at(name).ttl = ttl;
}

void FakeLlamaSwap::ExpireIdle() {
  const absl::Time now = absl::Now();
  for (const auto& [name, model] : models_) {
    Process& process = processes_[name];
    if (model.ttl == absl::ZeroDuration() || process.state != "ready" ||
        RequestsOn(name) > 0 || now - process.used_at <= model.ttl) {
      continue;
    }
    SetState(name, "stopping");
    SetState(name, "stopped");
  }
}

void FakeLlamaSwap::KillWorker(const std::string& name) {
  MutexLock lock(mutex_);
  EndLoad(name, "upstream command exited prematurely");
  SetState(name, "stopped");
}

void FakeLlamaSwap::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_loads_held_ = are_held;
  Advance();
}

void FakeLlamaSwap::HoldStops(bool are_held) {
  MutexLock lock(mutex_);
  are_stops_held_ = are_held;
  Advance();
}

void FakeLlamaSwap::AwaitState(const std::string& name,
                               const std::string& state) {
  MutexLock lock(mutex_);
  while (processes_[name].state != state) changed_.Wait(mutex_);
}

void FakeLlamaSwap::AwaitWaiting(const std::string& name, int count) {
  MutexLock lock(mutex_);
  while (processes_[name].waiting < count) changed_.Wait(mutex_);
}

void FakeLlamaSwap::FailLoad(const std::string& name,
                             const std::string& words) {
  MutexLock lock(mutex_);
  failures_[name] = words;
}

void FakeLlamaSwap::LieAboutLoads() {
  MutexLock lock(mutex_);
  is_lying_ = true;
}

void FakeLlamaSwap::SetHealthStatus(int status) {
  MutexLock lock(mutex_);
  health_status_ = status;
}

bool FakeLlamaSwap::IsLoaded(const std::string& name) {
  return StateOf(name) == "ready";
}

std::string FakeLlamaSwap::StateOf(const std::string& name) {
  MutexLock lock(mutex_);
  ExpireIdle();
  return processes_.at(name).state;
}

void FakeLlamaSwap::ForgetAll() {
  MutexLock lock(mutex_);
  for (auto& [name, process] : processes_) {
    process.state = "stopped";
    process.is_wanted = false;
    process.is_next = false;
    ++process.ends;
  }
  cut_ += static_cast<int>(requests_.size());
  requests_.clear();
  last_id_ = 0;
}

void FakeLlamaSwap::SetFeed(Feed feed) {
  MutexLock lock(mutex_);
  feed_ = feed;
  ++feed_number_;
  changed_.NotifyAll();
}

void FakeLlamaSwap::AwaitListener() {
  MutexLock lock(mutex_);
  while (listeners_ == 0) changed_.Wait(mutex_);
}

int FakeLlamaSwap::listener_count() const {
  MutexLock lock(mutex_);
  return listeners_;
}

void FakeLlamaSwap::CutFeed() {
  MutexLock lock(mutex_);
  ++feed_number_;
  changed_.NotifyAll();
  while (listeners_ > 0) changed_.Wait(mutex_);
}

void FakeLlamaSwap::SendRaw(const std::string& text) {
  MutexLock lock(mutex_);
  sent_ += text;
  changed_.NotifyAll();
}

void FakeLlamaSwap::DropRequestEvents(bool are_dropped) {
  MutexLock lock(mutex_);
  are_request_events_dropped_ = are_dropped;
}

const FakeLlamaSwap::Model* FakeLlamaSwap::FindModel(
    const std::string& name) const {
  for (const auto& [key, model] : models_) {
    if (key == name ||
        std::count(model.aliases.begin(), model.aliases.end(), name) > 0) {
      return &model;
    }
  }
  return nullptr;
}

int FakeLlamaSwap::RequestsOn(const std::string& name) const {
  return static_cast<int>(std::count_if(
      requests_.begin(), requests_.end(),
      [&](const Request& request) { return request.model == name; }));
}

void FakeLlamaSwap::Want(const std::string& name) {
  if (processes_[name].state == "ready") return;
  processes_[name].is_wanted = true;
  Advance();
}

void FakeLlamaSwap::Advance() {
  for (bool is_moving = true; is_moving;) {
    is_moving = false;
    for (auto& [name, process] : processes_) {
      if (process.is_wanted && BeginLoad(models_.at(name))) {
        is_moving = true;
      } else if (process.state == "stopping" && !are_stops_held_) {
        SetState(name, "stopped");
        is_moving = true;
      } else if (process.is_next &&
                 std::none_of(processes_.begin(), processes_.end(),
                              [](const auto& other) {
                                return other.second.state == "stopping";
                              })) {
        process.is_next = false;
        SetState(name, "starting");
        is_moving = true;
      } else if (process.state == "starting" && failures_.contains(name)) {
        EndLoad(name, failures_.at(name));
        SetState(name, "stopped");
        is_moving = true;
      } else if (process.state == "starting" && !are_loads_held_) {
        SetState(name, "ready");
        is_moving = true;
      }
    }
  }
  changed_.NotifyAll();
}

// False while a request runs on another of its group.
bool FakeLlamaSwap::BeginLoad(const Model& model) {
  Process& process = processes_[model.name];
  if (process.state != "stopped" || process.is_next) {
    process.is_wanted = false;
    return true;
  }
  std::vector<std::string> victims;
  for (const auto& [name, other] : models_) {
    if (model.group.empty() || other.group != model.group ||
        name == model.name || processes_[name].state == "stopped") {
      continue;
    }
    if (RequestsOn(name) > 0) return false;
    victims.push_back(name);
  }
  process.is_wanted = false;
  process.is_next = true;
  for (const std::string& name : victims) SetState(name, "stopping");
  return true;
}

void FakeLlamaSwap::SetState(const std::string& name,
                             const std::string& state) {
  processes_[name].state = state;
  processes_[name].used_at = absl::Now();
  Emit("modelStatus", States());
}

void FakeLlamaSwap::Unload(const std::string& name) {
  Process& process = processes_[name];
  process.is_wanted = false;
  EndLoad(name, "group: model unloaded");
  if (process.state == "ready") SetState(name, "stopping");
  if (process.state == "starting") SetState(name, "stopped");
  Advance();
}

void FakeLlamaSwap::EndLoad(const std::string& name, const std::string& why) {
  ++processes_[name].ends;
  processes_[name].why = "unspecific error: " + why;
  CutRequests(name);
}

void FakeLlamaSwap::CutRequests(const std::string& name) {
  for (size_t i = requests_.size(); i-- > 0;) {
    if (requests_[i].model != name) continue;
    const std::string id = requests_[i].id;
    requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(i));
    ++cut_;
    EmitRequests({{"operation", "remove"}, {"id", id}});
  }
}

json FakeLlamaSwap::Entry(const Request& request) const {
  return {{"id", request.id},
          {"timestamp", absl::StrCat("2026-08-22T09:29:57.", request.id, "Z")},
          {"model", request.model},
          {"req_path", request.path},
          {"method", "POST"},
          {"req_headers", {{"User-Agent", "curl \"8\""}}},
          {"remote_ip", "127.0.0.1"},
          {"resp_headers", json::object()},
          {"resp_bytes", 0},
          {"elapsed_ms", 0}};
}

json FakeLlamaSwap::Requests() const {
  json snapshot = {{"operation", "snapshot"}};
  for (const Request& request : requests_) {
    snapshot["requests"].push_back(Entry(request));  // left out when empty
  }
  return snapshot;
}

json FakeLlamaSwap::States() const {
  json states = json::array();
  for (const auto& [name, model] : models_) {
    states.push_back({{"id", name},
                      {"name", ""},
                      {"description", ""},
                      {"state", processes_.at(name).state},
                      {"unlisted", model.is_unlisted},
                      {"peerID", ""}});
  }
  return states;
}

void FakeLlamaSwap::EmitRequests(const json& change) {
  if (are_request_events_dropped_) return;
  if (feed_ == Feed::kCounts) {
    Emit("inflight", {{"total", requests_.size()}});
  } else {
    Emit("inflight", change);
  }
}

}  // namespace warmup
