// What the fake answers.

#include <httplib.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_llama_server.h"

namespace warmup {
namespace {

using httplib::Request;
using httplib::Response;
using nlohmann::json;

constexpr char kBuild[] = "b11434-unknown";

json ErrorOf(int code, const std::string& message) {
  return {{"error", {{"code", code}, {"message", message}, {"type", "error"}}}};
}

}  // namespace

void FakeLlamaServer::Serve(const Request& request, const json& body,
                            Response& response) {
  MutexLock lock(mutex_);
  std::string name = request.get_param_value("model");
  if (name.empty() && body.is_object()) name = body.value("model", "");
  if (!is_single_) return ServeOfRouter(request, name, response);
  State& state = models_.begin()->second;
  if (state.status == "loading") {
    return AnswerStatus(503, ErrorOf(503, "Loading model"), response);
  }
  if (request.path == "/models" || request.path == "/v1/models") {
    return ServeModels(response);
  }
  ServeOfModel(request.path, state, response);
}

void FakeLlamaServer::ServeOfRouter(const Request& request,
                                    const std::string& name,
                                    Response& response) {
  const std::string& path = request.path;
  if (path == "/models") return ServeModels(response);
  if (path == "/props" && name.empty()) {
    return AnswerJson({{"role", "router"},
                       {"max_instances", max_models_},
                       {"model_path", "none"},
                       {"build_info", kBuild}},
                      response);
  }
  State* state = FindState(name);
  if (path == "/models/load") {
    if (state == nullptr) {
      return AnswerStatus(404, ErrorOf(404, "File Not Found"), response);
    }
    return ServeLoad(*state, response);
  }
  if (path == "/models/unload") {
    if (state == nullptr) {
      return AnswerStatus(400, ErrorOf(400, "model is not found"), response);
    }
    return ServeUnload(*state, response);
  }
  if (state == nullptr) {
    return AnswerStatus(
        400, ErrorOf(400, absl::StrCat("model '", name, "' not found")),
        response);
  }
  if (state->status == "unloaded" || state->status == "downloading") {
    if (request.get_param_value("autoload") == "false") {
      return AnswerStatus(400, ErrorOf(400, "model is not loaded"), response);
    }
    ++autoloads_;
    Begin(*state, "loaded");
  }
  if (state->status == "loading") {
    return AnswerStatus(503, ErrorOf(503, "Loading model"), response);
  }
  if (state->is_silent) {
    response.status = 500;
    response.set_content("proxy error: Could not establish connection",
                         "text/plain");
    return;
  }
  ServeOfModel(path, *state, response);
}

void FakeLlamaServer::ServeOfModel(const std::string& path, State& state,
                                   Response& response) {
  if (path == "/props") {
    return AnswerJson({{"model_alias", state.model.name},
                       {"model_path", state.model.path},
                       {"build_info", kBuild},
                       {"is_sleeping", state.status == "sleeping"}},
                      response);
  }
  if (path == "/metrics") {
    if (!has_metrics_) {
      return AnswerStatus(501, ErrorOf(501, "no metrics endpoint"), response);
    }
    response.set_content(
        absl::StrCat("# TYPE llamacpp:prompt_tokens_total counter\n",
                     "llamacpp:prompt_tokens_total ", state.prompt_tokens,
                     "\nllamacpp:prompt_tokens_cached_total 0\n",
                     "llamacpp:requests_processing ", state.streams,
                     "\nllamacpp:requests_deferred 0\n"),
        "text/plain; version=0.0.4");
    return;
  }
  if (path != "/slots" && path != "/tokenize") {
    return AnswerStatus(404, ErrorOf(404, "File Not Found"), response);
  }
  if (state.status == "sleeping") {
    if (path == "/slots") ++wakes_;
    state.status = "loaded";
  }
  if (path == "/tokenize") {
    return AnswerJson({{"tokens", json::array()}}, response);
  }
  if (!has_slots_) {
    return AnswerStatus(501, ErrorOf(501, "no slots endpoint"), response);
  }
  json slot = {{"id", 0}, {"is_processing", state.streams > 0}};
  if (state.task >= 0) slot["id_task"] = state.task;
  AnswerJson(json::array({slot}), response);
}

void FakeLlamaServer::ServeModels(Response& response) {
  json list = json::array();
  for (auto& [name, state] : models_) {
    if (!is_single_) PassLook(state);
    list.push_back(EntryOf(state));
  }
  AnswerJson({{"data", std::move(list)}, {"object", "list"}}, response);
}

json FakeLlamaServer::EntryOf(const State& state) const {
  const Model& model = state.model;
  json entry = {{"id", model.name},
                {"aliases", model.aliases},
                {"object", "model"},
                {"owned_by", "llamacpp"}};
  if (state.status == "loaded" || state.status == "sleeping") {
    entry["meta"] = {{"n_ctx_train", 32'768}, {"size", kWeightBytes}};
  }
  if (is_single_) return entry;
  json args = {"/opt/llama/llama-server", "--host", "127.0.0.1", "--port",
               std::to_string(state.port)};
  if (model.is_embedder) args.push_back("--embeddings");
  if (model.may_sleep) {
    args.push_back("--sleep-idle-seconds");
    args.push_back("60");
  }
  for (const std::string& arg : {std::string("--alias"), model.name,
                                 std::string("--model"), model.path}) {
    args.push_back(arg);
  }
  entry["status"] = {{"value", state.status}, {"args", std::move(args)}};
  if (state.has_failed) {
    entry["status"]["exit_code"] = 1;
    entry["status"]["failed"] = true;
  }
  return entry;
}

void FakeLlamaServer::ServeLoad(State& state, Response& response) {
  if (state.status != "unloaded") {
    return AnswerStatus(400, ErrorOf(400, "model is already running"),
                        response);
  }
  if (!MakeRoom()) {
    return AnswerStatus(
        500, ErrorOf(500, "model limit reached, try again later"), response);
  }
  if (!is_lying_) Begin(state, "loading");
  AnswerJson({{"success", true}}, response);
}

void FakeLlamaServer::ServeUnload(State& state, Response& response) {
  if (state.status == "unloaded") {
    return AnswerStatus(400, ErrorOf(400, "model is not running"), response);
  }
  if (!state.is_ending) BeginUnload(state);
  AnswerJson({{"success", true}}, response);
}

}  // namespace warmup
