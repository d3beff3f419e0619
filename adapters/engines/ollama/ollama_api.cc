#include "adapters/engines/ollama/ollama_api.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::ollama {
namespace {

using json_answer::Dump;
using json_answer::ReadError;
using nlohmann::json;

constexpr char kGenerate[] = "/api/generate";
constexpr char kEmbed[] = "/api/embed";
// When a full queue may have room again.
constexpr absl::Duration kBusyRetry = absl::Seconds(1);

bool Says(const std::string& words, std::string_view part) {
  return absl::AsciiStrToLower(words).find(part) != std::string::npos;
}

// What Ollama says of files that are not, or no longer, what they should be.
bool TellsOfDamage(const std::string& words) {
  static constexpr std::array<std::string_view, 5> kParts = {
      "unable to load model", "error loading model", "exceeds file size",
      "invalid file magic", "unexpected eof"};
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return Says(words, part); });
}

bool IsWrongCall(const HttpResponse& response) {
  return response.status != 200 &&
         Says(ReadError(response.body), "does not support");
}

}  // namespace

absl::StatusOr<std::string> OllamaApi::Probe() {
  const auto not_ollama = [this](std::string_view what) {
    return http_.Error(absl::StatusCode::kFailedPrecondition, "NOT_OLLAMA",
                       "is no Ollama: " + std::string(what));
  };
  const HttpCall call;
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse answer,
                          http_.Get("/api/version", call));
  if (answer.status == 401 || answer.status == 403) return StatusOf(answer, "");
  if (answer.status != 200) {
    return not_ollama(absl::StrCat("/api/version has status ", answer.status));
  }
  auto version = ReadVersion(answer.body);
  if (!version.ok()) {
    return not_ollama("/api/version: " +
                      std::string(version.status().message()));
  }
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse system,
                          http_.Get("/system", call));
  if (system.status == 200) {
    return not_ollama("it has a /system, as LocalAI has");
  }
  return version;
}

absl::StatusOr<std::vector<ListedModel>> OllamaApi::Tags(const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(const std::string text, GetText("/api/tags", call));
  auto models = ReadTags(text);
  if (!models.ok()) return Unreadable("/api/tags", models.status());
  return models;
}

absl::StatusOr<std::vector<RunningModel>> OllamaApi::Running(
    const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(const std::string text, GetText("/api/ps", call));
  auto models = ReadRunning(text);
  if (!models.ok()) return Unreadable("/api/ps", models.status());
  return models;
}

absl::StatusOr<ModelMetadata> OllamaApi::Show(const std::string& name,
                                              const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(
      const HttpResponse response,
      http_.Post("/api/show", Dump({{"model", name}}), call));
  WARMUP_RETURN_IF_ERROR(StatusOf(response, name));
  auto metadata = ReadMetadata(response.body);
  if (!metadata.ok()) return Unreadable("/api/show", metadata.status());
  return metadata;
}

absl::Status OllamaApi::Load(const std::string& name, bool is_embedder,
                             std::optional<absl::Duration> keep_alive,
                             const HttpCall& call) {
  json body = {{"model", name}};
  if (keep_alive.has_value()) {
    body["keep_alive"] = absl::FormatDuration(*keep_alive);
  }
  json embed_body = body;
  embed_body["input"] = "";
  const auto post = [&](bool as_embedder) {
    return as_embedder ? http_.Post(kEmbed, Dump(embed_body), call)
                       : http_.Post(kGenerate, Dump(body), call);
  };
  WARMUP_ASSIGN_OR_RETURN(HttpResponse response, post(is_embedder));
  // Also what Ollama says of a model whose blob is missing: then the other
  // call fails too, in better words.
  if (IsWrongCall(response)) {
    WARMUP_ASSIGN_OR_RETURN(response, post(!is_embedder));
  }
  WARMUP_RETURN_IF_ERROR(StatusOf(response, name));
  const std::string error = ReadError(response.body);
  if (error.empty()) return absl::OkStatus();
  return ModelError(absl::StatusCode::kUnavailable, "ENGINE_FAILED", name,
                    error);
}

absl::Status OllamaApi::Unload(const std::string& name, const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(
      const HttpResponse response,
      http_.Post(kGenerate, Dump({{"model", name}, {"keep_alive", 0}}), call));
  return StatusOf(response, name);
}

absl::Status OllamaApi::ModelError(absl::StatusCode code,
                                   std::string_view reason,
                                   const std::string& name,
                                   std::string_view what) const {
  if (name.empty()) return http_.Error(code, reason, what);
  std::optional<absl::Duration> retry;
  if (reason == "ENGINE_BUSY") retry = kBusyRetry;
  return http_.ModelError(code, reason, name, what, retry);
}

absl::StatusOr<std::string> OllamaApi::GetText(const char* path,
                                               const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(HttpResponse response, http_.Get(path, call));
  if (response.status == 404) {
    return Unreadable(path, absl::NotFoundError("there is no such path"));
  }
  WARMUP_RETURN_IF_ERROR(StatusOf(response, ""));
  return std::move(response.body);
}

absl::Status OllamaApi::Unreadable(const char* path,
                                   const absl::Status& why) const {
  return http_.Error(absl::StatusCode::kUnavailable, "ENGINE_ANSWER_UNREADABLE",
                     absl::StrCat(path, ": ", why.message()));
}

absl::Status OllamaApi::StatusOf(const HttpResponse& response,
                                 const std::string& name) const {
  using enum absl::StatusCode;
  if (response.status == 200) return absl::OkStatus();
  const std::string words = ReadError(response.body);
  const auto error = [&](absl::StatusCode code, std::string_view reason) {
    return ModelError(code, reason, name,
                      absl::StrCat(words.empty() ? "no reason given" : words,
                                   " (status ", response.status, ")"));
  };
  switch (response.status) {
    case 401:
    case 403:
      return error(kUnavailable, "ENGINE_REFUSES");
    case 404:
      // Without Ollama's words it is some other server that answers.
      return words.empty() ? error(kUnavailable, "ENGINE_FAILED")
                           : error(kNotFound, "MODEL_NOT_FOUND");
    case 429:
    case 503:
      return error(kUnavailable, "ENGINE_BUSY");
    case 400:
      return error(kFailedPrecondition, "MODEL_DAMAGED");
    default:
      break;
  }
  if (Says(words, "memory") || Says(words, "unable to allocate"))
    return error(kResourceExhausted, "MEMORY_SHORT");
  // Of a damaged file Ollama may say nothing at all.
  if (response.status == 500 && (words.empty() || TellsOfDamage(words))) {
    return error(kFailedPrecondition, "MODEL_DAMAGED");
  }
  return error(kUnavailable, "ENGINE_FAILED");
}

}  // namespace warmup::ollama
