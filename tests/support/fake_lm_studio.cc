#include "tests/support/fake_lm_studio.h"

#include <httplib.h>

#include "absl/strings/str_cat.h"

namespace warmup {
namespace {

using httplib::Request;
using httplib::Response;
using nlohmann::json;

json Error(const std::string& type, const std::string& words) {
  return {{"error", {{"type", type}, {"message", words}}}};
}

}  // namespace

void FakeLmStudio::Add(const std::string& key, const std::string& type) {
  MutexLock lock(mutex_);
  models_[key].type = type;
}

void FakeLmStudio::RequireToken(const std::string& token) {
  MutexLock lock(mutex_);
  token_ = token;
}

void FakeLmStudio::LoadByHand(const std::string& key) {
  MutexLock lock(mutex_);
  AddInstance(key, models_.at(key));
}

void FakeLmStudio::UnloadByHand(const std::string& instance) {
  MutexLock lock(mutex_);
  for (auto& [key, model] : models_) model.instances.erase(instance);
}

void FakeLmStudio::Restart() {
  MutexLock lock(mutex_);
  for (auto& [key, model] : models_) model.instances.clear();
}

void FakeLmStudio::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_loads_held_ = are_held;
  changed_.NotifyAll();
}

void FakeLmStudio::AwaitLoading(const std::string& key) {
  MutexLock lock(mutex_);
  while (loading_[key] == 0) changed_.Wait(mutex_);
}

void FakeLmStudio::FailLoad(const std::string& key, int status,
                            const std::string& body) {
  MutexLock lock(mutex_);
  failures_[key] = {status, body};
}

void FakeLmStudio::LieAboutLoads(bool is_lying) {
  MutexLock lock(mutex_);
  is_lying_ = is_lying;
}

void FakeLmStudio::KeepInstances() {
  MutexLock lock(mutex_);
  keeps_instances_ = true;
}

std::set<std::string> FakeLmStudio::Instances(const std::string& key) const {
  MutexLock lock(mutex_);
  std::set<std::string> ids;
  for (const auto& [id, looks] : models_.at(key).instances) {
    if (looks < 0) ids.insert(id);
  }
  return ids;
}

void FakeLmStudio::Serve(const Request& request, const json& body,
                         Response& response) {
  MutexLock lock(mutex_);
  if (!token_.empty() &&
      request.get_header_value("Authorization") != "Bearer " + token_) {
    return AnswerStatus(401, Error("invalid_api_key", "Invalid API token"),
                        response);
  }
  if (request.path == "/api/v1/models") {
    AnswerJson(List(), response);
  } else if (request.path == "/api/v1/models/load") {
    ServeLoad(body, response);
  } else if (request.path == "/api/v1/models/unload") {
    ServeUnload(body, response);
  } else if (request.path == "/v1/models") {
    json data = json::array();
    for (const auto& [key, model] : models_) {
      data.push_back({{"id", key},
                      {"object", "model"},
                      {"owned_by", "organization_owner"}});
    }
    AnswerJson({{"object", "list"}, {"data", std::move(data)}}, response);
  } else {
    AnswerJson(
        {{"error", absl::StrCat("Unexpected endpoint or method. (",
                                request.method, " ", request.path, ")")}},
        response);
  }
}

json FakeLmStudio::List() {
  json models = json::array();
  for (auto& [key, model] : models_) {
    json instances = json::array();
    for (auto it = model.instances.begin(); it != model.instances.end();) {
      if (it->second == 0) {
        it = model.instances.erase(it);
        continue;
      }
      if (it->second > 0) --it->second;
      instances.push_back(
          {{"id", it->first}, {"config", {{"context_length", 4096}}}});
      ++it;
    }
    json entry = {
        {"type", model.type},
        {"publisher", "somebody"},
        {"key", key},
        {"display_name", key},
        {"quantization", {{"name", "Q4_K_M"}, {"bits_per_weight", 4}}},
        {"size_bytes", kFileBytes},
        {"params_string", nullptr},
        {"loaded_instances", std::move(instances)},
        {"max_context_length", 131'072},
        {"format", "gguf"}};
    if (model.type == "llm") entry["architecture"] = "llama";
    models.push_back(std::move(entry));
  }
  return {{"models", std::move(models)}};
}

void FakeLmStudio::ServeLoad(const json& body, Response& response) {
  const std::string key = body.is_object() ? body.value("model", "") : "";
  const auto model = models_.find(key);
  if (model == models_.end()) {
    return AnswerStatus(404, Error("model_not_found", "Model not found"),
                        response);
  }
  if (const auto failure = failures_.find(key); failure != failures_.end()) {
    response.status = failure->second.first;
    response.set_content(failure->second.second, "application/json");
    return;
  }
  ++loading_[key];
  changed_.NotifyAll();
  while (are_loads_held_ && !is_stopping_) changed_.Wait(mutex_);
  --loading_[key];
  const std::string id = is_lying_ ? key : AddInstance(key, model->second);
  AnswerJson({{"type", model->second.type},
              {"instance_id", id},
              {"load_time_seconds", 9.099},
              {"status", "loaded"}},
             response);
}

void FakeLmStudio::ServeUnload(const json& body, Response& response) {
  const std::string id = body.is_object() ? body.value("instance_id", "") : "";
  for (auto& [key, model] : models_) {
    const auto instance = model.instances.find(id);
    if (instance == model.instances.end()) continue;
    if (!keeps_instances_) instance->second = 1;
    return AnswerJson({{"instance_id", id}}, response);
  }
  AnswerStatus(404, Error("model_not_found", "No such instance"), response);
}

std::string FakeLmStudio::AddInstance(const std::string& key, Model& model) {
  std::string id = key;
  for (int i = 2; model.instances.contains(id); ++i) {
    id = absl::StrCat(key, ":", i);
  }
  model.instances[id] = -1;
  return id;
}

}  // namespace warmup
