// The paths of the fake Ollama.

#include <httplib.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/fake_ollama.h"

namespace warmup {
namespace {

using httplib::DataSink;
using httplib::Request;
using httplib::Response;
using nlohmann::json;

constexpr char kJson[] = "application/json";
constexpr absl::Duration kDefaultKeepAlive = absl::Minutes(5);

absl::Duration KeepAliveIn(const json& body, absl::Duration otherwise) {
  const auto it = body.find("keep_alive");
  if (it == body.end()) return otherwise;
  if (it->is_number()) return absl::Seconds(it->get<double>());
  absl::Duration duration;
  if (!absl::ParseDuration(it->get<std::string>(), &duration)) return otherwise;
  return duration;
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

}  // namespace

void FakeOllama::Serve(const Request& request, const json& body,
                       Response& response) {
  const std::string& path = request.path;
  const std::string name =
      body.is_object() ? body.value("model", "") : std::string();
  if (path == "/") {
    response.set_content("Ollama is running", "text/plain");
  } else if (path == "/api/version") {
    AnswerJson({{"version", "0.17.4"}}, response);
  } else if (path == "/api/tags") {
    ServeTags(response);
  } else if (path == "/api/ps") {
    ServePs(response);
  } else if (path == "/api/show") {
    ServeShow(name, response);
  } else if (path == "/api/generate" || path == "/api/embed") {
    const auto keep_alive = body.find("keep_alive");
    keep_alive != body.end() && *keep_alive == 0
        ? ServeUnload(name, response)
        : ServeLoad(path, body, response);
  } else {
    response.status = 404;
    response.set_content("404 page not found", "text/plain");
  }
}

void FakeOllama::ServeTags(Response& response) {
  MutexLock lock(mutex_);
  json models = json::array();
  for (const auto& [name, model] : models_) {
    json entry = {{"name", name},
                  {"model", name},
                  {"modified_at", "2026-01-02T03:04:05.678901234+01:00"},
                  {"size", kFileBytes},
                  {"digest", model.digest},
                  {"details",
                   {{"format", "gguf"},
                    {"family", model.family},
                    {"families", nullptr}}}};
    if (!model.remote_host.empty()) entry["remote_host"] = model.remote_host;
    models.push_back(std::move(entry));
  }
  AnswerJson({{"models", std::move(models)}}, response);
}

void FakeOllama::ServePs(Response& response) {
  MutexLock lock(mutex_);
  json models = json::array();
  EraseGone();
  for (auto& [digest, runner] : runners_) {
    if (runner.unload_looks > 0 && !are_unloads_held_) --runner.unload_looks;
    absl::Time expires_at = runner.expires_at;
    if (runner.late_looks > 0) {
      --runner.late_looks;
      expires_at = runner.shown_expiry;
    }
    if (!runner.has_expiry) expires_at = absl::Now() + runner.keep_alive;
    models.push_back({{"name", runner.shown},
                      {"model", runner.shown},
                      {"size", kReadyBytes},
                      {"digest", digest},
                      {"details", {{"family", "llama"}}},
                      {"expires_at", TimeText(expires_at)},
                      {"size_vram", 0},
                      {"context_length", runner.context_length}});
  }
  AnswerJson({{"models", std::move(models)}}, response);
}

void FakeOllama::ServeShow(const std::string& name, Response& response) {
  MutexLock lock(mutex_);
  const Model* model = FindModel(name);
  if (model == nullptr) {
    return AnswerError(404, absl::StrCat("model '", name, "' not found"),
                       response);
  }
  const std::string& arch = model->family;
  AnswerJson(
      {{"modelfile", absl::StrCat("# Modelfile\nFROM ", model->blob, "\n")},
       {"parameters", "num_ctx                        8192\nstop    \"<s>\""},
       {"details", {{"family", arch}}},
       {"model_info",
        {{"general.architecture", arch},
         {"general.parameter_count", 7'000'000'000},
         {arch + ".block_count", 32},
         {arch + ".attention.head_count", 32},
         {arch + ".attention.head_count_kv", 8},
         {arch + ".embedding_length", 4096},
         {arch + ".context_length", 131'072}}},
       {"capabilities",
        json::array({model->is_embedder ? "embedding" : "completion"})}},
      response);
}

void FakeOllama::ServeUnload(const std::string& name, Response& response) {
  MutexLock lock(mutex_);
  if (FindModel(name) == nullptr) {
    return AnswerError(404, absl::StrCat("model '", name, "' not found"),
                       response);
  }
  const auto runner = runners_.find(DigestOf(name));
  if (runner != runners_.end()) {
    runner->second.unload_looks = kUnloadLooks;
    runner->second.expires_at = absl::Now();
  }
  AnswerJson({{"model", name},
              {"response", ""},
              {"done", true},
              {"done_reason", "unload"}},
             response);
}

void FakeOllama::ServeLoad(const std::string& path, const json& body,
                           Response& response) {
  const std::string name = body.value("model", "");
  MutexLock lock(mutex_);
  const Model* model = FindModel(name);
  if (model == nullptr) {
    return AnswerError(404, absl::StrCat("model '", name, "' not found"),
                       response);
  }
  const bool is_embed = path == "/api/embed";
  if (model->is_embedder != is_embed) {
    return AnswerError(400,
                       absl::StrCat("\"", name, "\" does not support ",
                                    is_embed ? "embeddings" : "generate"),
                       response);
  }
  if (const auto failure = failures_.find(name); failure != failures_.end()) {
    response.status = failure->second.first;
    response.set_content(failure->second.second, kJson);
    return;
  }
  response.set_chunked_content_provider(kJson, [this, name, body, is_embed](
                                                   size_t, DataSink& sink) {
    const LoadEnd end = AwaitLoad(name, [&] { return sink.is_writable(); });
    if (end == LoadEnd::kLeft) return false;
    json answer = {{"model", name}, {"done", true}, {"done_reason", "load"}};
    if (is_embed) answer = {{"model", name}, {"embeddings", {{0.5, 0.5}}}};
    if (end == LoadEnd::kKilled) {
      answer = {{"error", "llama runner process has terminated"}};
    } else {
      FinishLoad(name, body);
    }
    const std::string text = answer.dump();
    sink.write(text.data(), text.size());
    sink.done();
    return true;
  });
}

void FakeOllama::FinishLoad(const std::string& name, const json& body) {
  MutexLock lock(mutex_);
  if (is_lying_) return;
  const auto runner = runners_.find(DigestOf(name));
  Begin(name, KeepAliveIn(body, runner == runners_.end()
                                    ? kDefaultKeepAlive
                                    : runner->second.keep_alive));
  // One that was warm with another one was loaded anew.
  const json options = body.value("options", json::object());
  runners_.at(DigestOf(name)).context_length =
      options.value("num_ctx", kContextLength);
  End(name);
}

FakeOllama::LoadEnd FakeOllama::AwaitLoad(
    const std::string& name, const std::function<bool()>& is_connected) {
  MutexLock lock(mutex_);
  ++loading_[name];
  changed_.NotifyAll();
  const int kills = kills_[name];
  LoadEnd end = LoadEnd::kDone;
  while (!HasRoomFor(name) || (are_loads_held_ && !Runs(name))) {
    changed_.WaitFor(mutex_, kLookAround);
    if (is_stopping_ || (!ignores_disconnects_ && !is_connected())) {
      end = LoadEnd::kLeft;
      break;
    }
    if (kills_[name] != kills) {
      end = LoadEnd::kKilled;
      break;
    }
  }
  --loading_[name];
  if (end == LoadEnd::kLeft) ++aborted_;
  changed_.NotifyAll();
  return end;
}

void FakeOllama::AnswerError(int status, const std::string& words,
                             Response& response) const {
  AnswerStatus(status, {{"error", words}}, response);
}

}  // namespace warmup
