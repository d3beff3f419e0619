#include "adapters/engines/llama_swap/llama_swap_api.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/http/answer_status.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/status_macros.h"

namespace warmup::llama_swap {
namespace {

using json_answer::Escape;

constexpr char kModels[] = "/v1/models";
constexpr char kRunning[] = "/running";

}  // namespace

absl::StatusOr<std::string> LlamaSwapApi::Probe() {
  const HttpCall call;
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse running,
                          http_.Get(kRunning, call));
  if (running.status == 401 || running.status == 403) {
    return StatusOf(http_, running, "");
  }
  const absl::Status why =
      running.status == 200
          ? ReadRunning(running.body).status()
          : absl::NotFoundError(absl::StrCat("has status ", running.status));
  if (!why.ok()) {
    return http_.Error(absl::StatusCode::kFailedPrecondition, "NOT_LLAMA_SWAP",
                       absl::StrCat("is no llama-swap: ", kRunning, ": ",
                                    std::string(why.message())));
  }
  // Older ones have none.
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse version,
                          http_.Get("/api/version", call));
  return version.status == 200 ? ReadVersion(version.body) : std::string();
}

absl::StatusOr<std::vector<ListedModel>> LlamaSwapApi::Models(
    const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(const std::string text, GetText(kModels, call));
  auto models = ReadModels(text);
  if (!models.ok()) return Unreadable(kModels, models.status());
  return models;
}

absl::StatusOr<std::vector<RunningModel>> LlamaSwapApi::Running(
    const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(const std::string text, GetText(kRunning, call));
  auto models = ReadRunning(text);
  if (!models.ok()) return Unreadable(kRunning, models.status());
  return models;
}

absl::StatusOr<HttpResponse> LlamaSwapApi::Load(const std::string& name,
                                                const HttpCall& call) {
  return http_.Get("/upstream/" + Escape(name) + "/health", call);
}

absl::Status LlamaSwapApi::LoadError(const HttpResponse& answer,
                                     const std::string& name) const {
  using enum absl::StatusCode;
  std::string words = WordsOf(answer);
  if (words.empty()) words = absl::StrCat("it has status ", answer.status);
  if (answer.status == 404) {
    return ModelError(kNotFound, "MODEL_NOT_FOUND", name, words);
  }
  if (answer.status == 409) {
    return ModelError(kUnavailable, "ENGINE_REFUSES", name, words);
  }
  if (Says(words, "exited prematurely") || Says(words, "failed to start")) {
    return ModelError(kFailedPrecondition, "MODEL_DAMAGED", name, words);
  }
  return StatusOf(http_, answer, name);
}

absl::Status LlamaSwapApi::Unload(const std::string& name,
                                  const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(
      const HttpResponse answer,
      http_.Post("/api/models/unload/" + Escape(name), "", call));
  if (answer.status == 200) return absl::OkStatus();
  return LoadError(answer, name);
}

absl::Status LlamaSwapApi::ModelError(absl::StatusCode code,
                                      std::string_view reason,
                                      const std::string& name,
                                      std::string_view what) const {
  return http_.ModelError(code, reason, name, what, std::nullopt);
}

absl::StatusOr<std::string> LlamaSwapApi::GetText(const char* path,
                                                  const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(HttpResponse answer, http_.Get(path, call));
  if (answer.status == 404) {
    return Unreadable(path, absl::NotFoundError("there is no such path"));
  }
  WARMUP_RETURN_IF_ERROR(StatusOf(http_, answer, ""));
  return std::move(answer.body);
}

absl::Status LlamaSwapApi::Unreadable(const char* path,
                                      const absl::Status& why) const {
  return http_.Error(absl::StatusCode::kUnavailable, "ENGINE_ANSWER_UNREADABLE",
                     absl::StrCat(path, ": ", std::string(why.message())));
}

}  // namespace warmup::llama_swap
