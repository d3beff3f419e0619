#include "adapters/engines/vllm/vllm_api.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/http/answer_status.h"
#include "core/base/status_macros.h"

namespace warmup::vllm {
namespace {

constexpr char kModels[] = "/v1/models";
constexpr char kIsSleeping[] = "/is_sleeping";

}  // namespace

absl::StatusOr<Identity> VllmApi::Identify(const HttpCall& call) const {
  const auto no = [&](std::string_view what) {
    return http_.Error(
        absl::StatusCode::kFailedPrecondition, "NOT_VLLM",
        absl::StrCat("is no vLLM: ", kModels, ": ", std::string(what)));
  };
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse models, http_.Get(kModels, call));
  if (models.status == 401 || models.status == 403) {
    return StatusOf(http_, models, "");
  }
  if (models.status != 200) return no(absl::StrCat("status ", models.status));
  const auto model = ReadModel(models.body);
  if (!model.ok()) return no(std::string(model.status().message()));
  Identity identity;
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse version,
                          http_.Get("/version", call));
  if (version.status == 200) identity.version = ReadVersion(version.body);
  const auto sleep = http_.Get(kIsSleeping, call);
  // While it wakes it does not answer, but that it has no such path, at once.
  identity.has_sleep = absl::IsDeadlineExceeded(sleep.status());
  if (!identity.has_sleep) {
    WARMUP_RETURN_IF_ERROR(sleep.status());
    identity.has_sleep = sleep->status != 404;
    if (identity.has_sleep) {
      WARMUP_RETURN_IF_ERROR(StatusOf(http_, *sleep, ""));
    }
  }
  return identity;
}

absl::StatusOr<ServedModel> VllmApi::GetModel(const HttpCall& call) const {
  WARMUP_ASSIGN_OR_RETURN(const std::string text, GetText(kModels, call));
  auto model = ReadModel(text);
  if (!model.ok()) return Unreadable(kModels, model.status());
  return model;
}

absl::StatusOr<Metrics> VllmApi::GetMetrics(const HttpCall& call) const {
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse answer,
                          http_.Get("/metrics", call));
  return answer.status == 200 ? ReadMetrics(answer.body) : Metrics();
}

absl::StatusOr<bool> VllmApi::IsSleeping(const HttpCall& call) const {
  WARMUP_ASSIGN_OR_RETURN(const std::string text, GetText(kIsSleeping, call));
  auto is_sleeping = ReadIsSleeping(text);
  if (!is_sleeping.ok()) return Unreadable(kIsSleeping, is_sleeping.status());
  return is_sleeping;
}

absl::Status VllmApi::CheckHealth(const HttpCall& call) const {
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse answer,
                          http_.Get("/health", call));
  if (answer.status == 200) return absl::OkStatus();
  return http_.Error(
      absl::StatusCode::kUnavailable, "ENGINE_FAILED",
      absl::StrCat("/health has status ", answer.status,
                   ": its engine is dead, or the server is ending"));
}

absl::Status VllmApi::Post(const std::string& path, const std::string& body,
                           const std::string& name,
                           const HttpCall& call) const {
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse answer,
                          http_.Post(path, body, call));
  return StatusOf(http_, answer, name);
}

absl::Status VllmApi::ModelError(absl::StatusCode code, std::string_view reason,
                                 const std::string& name,
                                 std::string_view what) const {
  return http_.ModelError(code, reason, name, what, std::nullopt);
}

absl::StatusOr<std::string> VllmApi::GetText(const char* path,
                                             const HttpCall& call) const {
  WARMUP_ASSIGN_OR_RETURN(HttpResponse answer, http_.Get(path, call));
  WARMUP_RETURN_IF_ERROR(StatusOf(http_, answer, ""));
  return std::move(answer.body);
}

absl::Status VllmApi::Unreadable(const char* path,
                                 const absl::Status& why) const {
  return http_.Error(absl::StatusCode::kUnavailable, "ENGINE_ANSWER_UNREADABLE",
                     absl::StrCat(path, ": ", why.message()));
}

}  // namespace warmup::vllm
