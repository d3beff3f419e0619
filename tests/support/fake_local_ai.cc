#include "tests/support/fake_local_ai.h"

#include <httplib.h>

#include "absl/strings/str_cat.h"

namespace warmup {
namespace {

using httplib::Request;
using httplib::Response;
using nlohmann::json;

json Error(int status, const std::string& words) {
  return {{"error", {{"code", status}, {"message", words}, {"type", ""}}}};
}

}  // namespace

void FakeLocalAi::Add(const std::string& name,
                      const std::vector<std::string>& parts) {
  MutexLock lock(mutex_);
  models_[name] = parts;
}

void FakeLocalAi::RequireToken(const std::string& token) {
  MutexLock lock(mutex_);
  token_ = token;
}

void FakeLocalAi::LoadByHand(const std::string& name) {
  MutexLock lock(mutex_);
  loaded_.insert(name);
}

void FakeLocalAi::UnloadByHand(const std::string& name) {
  MutexLock lock(mutex_);
  loaded_.erase(name);
}

void FakeLocalAi::BeginUse(const std::string& name) {
  MutexLock lock(mutex_);
  loaded_.insert(name);
  ++requests_[name];
}

void FakeLocalAi::EndUse(const std::string& name) {
  MutexLock lock(mutex_);
  --requests_[name];
  changed_.NotifyAll();
}

void FakeLocalAi::Restart() {
  MutexLock lock(mutex_);
  loaded_.clear();
  requests_.clear();
  cooling_.clear();
  changed_.NotifyAll();
}

void FakeLocalAi::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_loads_held_ = are_held;
  changed_.NotifyAll();
}

void FakeLocalAi::AwaitLoading(const std::string& name) {
  MutexLock lock(mutex_);
  while (loading_[name] == 0) changed_.Wait(mutex_);
}

void FakeLocalAi::FailLoad(const std::string& name, int status,
                           const std::string& body) {
  MutexLock lock(mutex_);
  failures_[name] = {status, body};
}

void FakeLocalAi::NeverCoolDown() {
  MutexLock lock(mutex_);
  never_cools_down_ = true;
}

void FakeLocalAi::TellCooldownsInWords() {
  MutexLock lock(mutex_);
  tells_cooldowns_in_words_ = true;
}

void FakeLocalAi::LieAboutLoads(bool is_lying) {
  MutexLock lock(mutex_);
  is_lying_ = is_lying;
}

bool FakeLocalAi::IsLoaded(const std::string& name) const {
  MutexLock lock(mutex_);
  return loaded_.contains(name);
}

json FakeLocalAi::Ids(const std::set<std::string>& names) {
  json ids = json::array();
  for (const std::string& name : names) {
    ids.push_back({{"id", name}, {"object", "model"}});
  }
  return ids;
}

void FakeLocalAi::Serve(const Request& request, const json& body,
                        Response& response) {
  MutexLock lock(mutex_);
  const std::string& path = request.path;
  const std::string name = body.is_object() ? body.value("model", "") : "";
  if (!token_.empty() &&
      request.get_header_value("Authorization") != "Bearer " + token_) {
    return AnswerStatus(401, Error(401, "An authentication key is required"),
                        response);
  }
  if (path == "/system") {
    AnswerJson({{"backends", {"llama-cpp"}}, {"loaded_models", Ids(loaded_)}},
               response);
  } else if (path == "/version" || path == "/api/version") {
    AnswerJson({{"version", "v4.9.0"}}, response);
  } else if (path == "/v1/models") {
    std::set<std::string> names;
    for (const auto& [each, parts] : models_) names.insert(each);
    AnswerJson({{"object", "list"}, {"data", Ids(names)}}, response);
  } else if (path == "/api/models/vram-estimate") {
    AnswerJson({{"size_bytes", kFileBytes},
                {"vram_bytes", kReadyBytes},
                {"model_max_context", 131'072}},
               response);
  } else if (path == "/backend/load") {
    ServeLoad(name, response);
  } else if (path == "/backend/shutdown") {
    ServeShutdown(name, response);
  } else if (path == "/api/generate") {
    AnswerJson({{"model", name}, {"done", true}, {"done_reason", "load"}},
               response);
  } else {
    AnswerStatus(404, Error(404, "Resource not found"), response);
  }
}

void FakeLocalAi::ServeLoad(const std::string& name, Response& response) {
  if (!never_cools_down_ && cooling_.contains(name)) {
    return ServeCooldown(name, response);
  }
  if (const auto failure = failures_.find(name); failure != failures_.end()) {
    response.status = failure->second.first;
    response.set_content(failure->second.second, "application/json");
    cooling_.insert(name);
    return;
  }
  // One that it does not know it takes for the name of a file.
  if (!models_.contains(name)) {
    cooling_.insert(name);
    return AnswerStatus(
        500,
        {{"loaded", nullptr}, {"message", "failed to load model: no file"}},
        response);
  }
  ++loading_[name];
  changed_.NotifyAll();
  while (are_loads_held_ && !is_stopping_) changed_.Wait(mutex_);
  --loading_[name];
  std::vector<std::string> loaded = models_.at(name);
  if (loaded.empty()) loaded = {name};
  if (!is_lying_) loaded_.insert(loaded.begin(), loaded.end());
  AnswerJson({{"loaded", loaded}, {"message", "model loaded"}}, response);
}

void FakeLocalAi::ServeCooldown(const std::string& name, Response& response) {
  const std::string words = absl::StrCat(
      "model \"", name,
      "\" load is in cooldown after a recent failure; retry after ",
      kCooldownSeconds, "s");
  if (tells_cooldowns_in_words_) {
    return AnswerStatus(500, {{"message", "failed to load model: " + words}},
                        response);
  }
  response.set_header("Retry-After", std::to_string(kCooldownSeconds));
  AnswerStatus(503, Error(503, words), response);
}

void FakeLocalAi::ServeShutdown(const std::string& name, Response& response) {
  while (requests_[name] > 0 && !is_stopping_) changed_.Wait(mutex_);
  if (loaded_.erase(name) == 0) {
    return AnswerStatus(404, Error(404, "Resource not found"), response);
  }
  AnswerJson({{"message", "model stopped"}}, response);
}

}  // namespace warmup
