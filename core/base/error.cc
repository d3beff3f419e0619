#include "core/base/error.h"

#include <charconv>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_split.h"

namespace warmup {
namespace {

constexpr char kPayloadUrl[] = "warmupd/error";
// No reason, key or value holds a NUL; AppendField drops one that is there.
constexpr char kSeparator = '\0';

absl::string_view View(std::string_view s) { return {s.data(), s.size()}; }

void AppendField(std::string& out, std::string_view field) {
  for (char c : field) {
    if (c != kSeparator) out.push_back(c);
  }
  out.push_back(kSeparator);
}

std::string UpperSnake(std::string name) {
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

}  // namespace

absl::Status MakeError(
    absl::StatusCode code, std::string_view reason, std::string_view message,
    std::initializer_list<std::pair<std::string_view, std::string_view>>
        metadata,
    std::optional<absl::Duration> retry_after) {
  absl::Status status(code, View(message));
  std::string fields;
  AppendField(fields, reason);
  AppendField(fields,
              retry_after.has_value()
                  ? std::to_string(absl::ToInt64Microseconds(*retry_after))
                  : "");
  for (const auto& [key, value] : metadata) {
    AppendField(fields, key);
    AppendField(fields, value);
  }
  status.SetPayload(kPayloadUrl, absl::Cord(fields));
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                   std::string(field) + ": " + std::string(what),
                   {{"field", field}});
}

ErrorDetails GetErrorDetails(const absl::Status& status) {
  ErrorDetails details;
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) {
    details.reason = UpperSnake(absl::StatusCodeToString(status.code()));
    return details;
  }
  const std::vector<std::string> fields =
      absl::StrSplit(std::string(*payload), kSeparator);
  // The last separator leaves one empty field behind it.
  if (fields.size() < 3) return details;
  details.reason = fields[0];
  int64_t micros = 0;
  if (!fields[1].empty() &&
      std::from_chars(fields[1].data(), fields[1].data() + fields[1].size(),
                      micros)
              .ec == std::errc()) {
    details.retry_after = absl::Microseconds(micros);
  }
  for (size_t i = 2; i + 2 < fields.size(); i += 2) {
    details.metadata[fields[i]] = fields[i + 1];
  }
  return details;
}

absl::Status StoppingError() {
  return MakeError(absl::StatusCode::kUnavailable, "STOPPING",
                   "warmupd is stopping", {}, absl::Seconds(1));
}

}  // namespace warmup
