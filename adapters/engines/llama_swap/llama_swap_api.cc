#include "adapters/engines/llama_swap/llama_swap_api.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/status_macros.h"

namespace warmup::llama_swap {
namespace {

using json_answer::Escape;
using json_answer::ReadError;

constexpr char kModels[] = "/v1/models";
constexpr char kRunning[] = "/running";
// When one request of many may have ended.
constexpr absl::Duration kBusyRetry = absl::Seconds(1);

bool Says(const std::string& words, std::string_view part) {
  return absl::AsciiStrToLower(words).find(part) != std::string::npos;
}

std::string WordsOf(const HttpResponse& answer) {
  const std::string words = ReadError(answer.body);
  return absl::StrCat(words.empty() ? "no reason given" : words, " (status ",
                      answer.status, ")");
}

}  // namespace

absl::StatusOr<std::string> LlamaSwapApi::Probe() {
  const HttpCall call;
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse running,
                          http_.Get(kRunning, call));
  if (running.status == 401 || running.status == 403) {
    return http_.Error(absl::StatusCode::kUnavailable, "ENGINE_REFUSES",
                       WordsOf(running));
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
  const std::string words = WordsOf(answer);
  const auto error = [&](absl::StatusCode code, std::string_view reason) {
    return ModelError(code, reason, name, words);
  };
  switch (answer.status) {
    case 401:
    case 403:
    case 409:
      return error(kUnavailable, "ENGINE_REFUSES");
    case 404:
      return error(kNotFound, "MODEL_NOT_FOUND");
    case 429:
    case 503:
      return error(kUnavailable, "ENGINE_BUSY");
    default:
      break;
  }
  if (Says(words, "memory")) return error(kResourceExhausted, "MEMORY_SHORT");
  if (Says(words, "exited prematurely") || Says(words, "failed to start")) {
    return error(kFailedPrecondition, "MODEL_DAMAGED");
  }
  return error(kUnavailable, "ENGINE_FAILED");
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
  std::optional<absl::Duration> retry;
  if (reason == "ENGINE_BUSY") retry = kBusyRetry;
  return http_.ModelError(code, reason, name, what, retry);
}

absl::StatusOr<std::string> LlamaSwapApi::GetText(const char* path,
                                                  const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(HttpResponse answer, http_.Get(path, call));
  if (answer.status == 200) return std::move(answer.body);
  if (answer.status == 401 || answer.status == 403) {
    return http_.Error(absl::StatusCode::kUnavailable, "ENGINE_REFUSES",
                       WordsOf(answer));
  }
  return Unreadable(path, absl::UnavailableError(WordsOf(answer)));
}

absl::Status LlamaSwapApi::Unreadable(const char* path,
                                      const absl::Status& why) const {
  return http_.Error(absl::StatusCode::kUnavailable, "ENGINE_ANSWER_UNREADABLE",
                     absl::StrCat(path, ": ", std::string(why.message())));
}

}  // namespace warmup::llama_swap
