#include "adapters/engines/http/answer_status.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/engines/http/json_answer.h"
#include "nlohmann/json.hpp"

namespace warmup {
namespace {

// When one that says nothing of it may have room again.
constexpr absl::Duration kBusyRetry = absl::Seconds(1);
constexpr size_t kMaxWords = 300;

}  // namespace

std::string WordsOf(const HttpResponse& response) {
  std::string words = json_answer::ReadError(response.body);
  if (!words.empty()) return words;
  const auto answer = json_answer::ParseObject(response.body);
  if (!answer.ok()) return {};
  words = json_answer::TextAt(*answer, "message");
  if (words.empty()) words = json_answer::TextAt(*answer, "detail");
  words.resize(std::min(words.size(), kMaxWords));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; },
      '?');
  return words;
}

bool Says(std::string_view words, std::string_view part) {
  return absl::AsciiStrToLower(absl::string_view(words.data(), words.size()))
             .find(part) != std::string::npos;
}

absl::Status StatusOf(const HttpClient& http, const HttpResponse& response,
                      const std::string& model) {
  using enum absl::StatusCode;
  if (response.status == 200) return absl::OkStatus();
  const std::string words = WordsOf(response);
  std::string what = absl::StrCat(words.empty() ? "no reason given" : words,
                                  " (status ", response.status, ")");
  const auto error = [&](absl::StatusCode code, std::string_view reason,
                         std::optional<absl::Duration> retry = std::nullopt) {
    if (model.empty()) return http.Error(code, reason, what);
    return http.ModelError(code, reason, model, what, retry);
  };
  if (response.status == 401 || response.status == 403) {
    what += ": its token is missing or wrong in this engine's configuration";
    return error(kUnavailable, "ENGINE_REFUSES");
  }
  if (response.status == 429 || response.status == 503) {
    return error(kUnavailable, "ENGINE_BUSY",
                 std::max(response.retry_after, kBusyRetry));
  }
  if (Says(words, "memory")) return error(kResourceExhausted, "MEMORY_SHORT");
  return error(kUnavailable, "ENGINE_FAILED");
}

}  // namespace warmup
