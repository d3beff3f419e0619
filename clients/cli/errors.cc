#include "clients/cli/errors.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/format.h"
#include "google/rpc/error_details.pb.h"

namespace warmup::cli {
namespace {

// What to do about an error, by its reason. MODEL and the like are replaced by
// the error's metadata.
struct Hint {
  std::string_view reason;
  std::string_view text;
};
constexpr std::array<Hint, 16> kHints = {{
    {"MODEL_NOT_FOUND", "`warmupctl models` lists what is registered"},
    {"SESSION_NOT_FOUND",
     "`warmupctl session list` shows who is alive, "
     "`warmupctl session start` opens a new one"},
    {"LEASE_NOT_FOUND", "`warmupctl lease acquire MODEL` takes a new one"},
    {"ROLE_NOT_FOUND",
     "bind it: `warmupctl session keepalive {session} --role {role}=MODEL`"},
    {"MODEL_EXISTS",
     "change it with `warmupctl models update {model}`, "
     "or remove it first"},
    {"MODEL_IN_USE",
     "`warmupctl models get {model}` shows its pin, its leases and who waits"},
    {"REVISION_MISMATCH",
     "somebody else changed it meanwhile; look at it and try again"},
    {"ENGINE_NOT_FOUND", "`warmupctl engines` lists them"},
    {"DEVICE_NOT_FOUND", "`warmupctl devices` lists them"},
    {"DOES_NOT_FIT",
     "`warmupctl status` shows what holds the memory; unload, unpin or "
     "release it, or add --may-evict to --no-wait"},
    {"LOAD_BACKING_OFF",
     "`warmupctl models get {model}` shows what its last load said"},
    {"LOAD_TIMED_OUT",
     "give loads longer: "
     "`warmupctl policy set --switching-timeout 10m`"},
    {"SERVICE_NOT_FOUND", "`warmupctl services` lists them"},
    {"SEQUENCE_AHEAD",
     "`warmupctl events recent` shows the last ones, `--from 0` takes all "
     "that is kept"},
    {"STORE_FULL", "free some space on the disk that holds the store"},
    {"NOT_DURABLE",
     "look at the daemon's log: its store cannot write (disk full?)"},
}};

// Where an error has no hint of its own.
std::string_view HintFor(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNIMPLEMENTED:
      return "the daemon is older than this program, or something else "
             "listens there";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "wait longer with --timeout";
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
      return "the daemon's log says more";
    default:
      return "";
  }
}

// It would not fit into an empty device either.
bool IsAboveBudget(const ErrorDetails& details) {
  int64_t needed = 0;
  int64_t budget = 0;
  const auto number = [&details](const char* key, int64_t* value) {
    const auto it = details.metadata.find(key);
    return it != details.metadata.end() && absl::SimpleAtoi(it->second, value);
  };
  return number("needed_bytes", &needed) && number("budget_bytes", &budget) &&
         needed > budget;
}

std::string HintFor(const grpc::Status& status, const ErrorDetails& details) {
  if (details.reason == "DOES_NOT_FIT" && IsAboveBudget(details)) {
    return "it is larger than the whole budget of the device: give warmupd "
           "more (memory.budget_mib)";
  }
  std::string text(HintFor(status.error_code()));
  for (const Hint& hint : kHints) {
    if (hint.reason == details.reason) text = std::string(hint.text);
  }
  std::vector<std::pair<std::string, std::string>> values;
  for (const auto& [key, value] : details.metadata) {
    values.emplace_back(absl::StrCat("{", key, "}"), value);
  }
  text = absl::StrReplaceAll(text, values);
  for (const char* word : {"model", "session", "role"}) {
    text = absl::StrReplaceAll(
        text, {{absl::StrCat("{", word, "}"), absl::AsciiStrToUpper(word)}});
  }
  if (!details.retry_after.has_value()) return text;
  const std::string retry =
      absl::StrCat("try again in ", HumanDuration(*details.retry_after));
  return text.empty() ? retry : absl::StrCat(text, "; ", retry);
}

std::string CodeName(grpc::StatusCode code) {
  constexpr std::array<const char*, 17> kNames = {"OK",
                                                  "CANCELLED",
                                                  "UNKNOWN",
                                                  "INVALID_ARGUMENT",
                                                  "DEADLINE_EXCEEDED",
                                                  "NOT_FOUND",
                                                  "ALREADY_EXISTS",
                                                  "PERMISSION_DENIED",
                                                  "RESOURCE_EXHAUSTED",
                                                  "FAILED_PRECONDITION",
                                                  "ABORTED",
                                                  "OUT_OF_RANGE",
                                                  "UNIMPLEMENTED",
                                                  "INTERNAL",
                                                  "UNAVAILABLE",
                                                  "DATA_LOSS",
                                                  "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < kNames.size() ? kNames[index] : absl::StrCat("code ", code);
}

// UNAVAILABLE without a reason is the transport's; a daemon that stops is as
// good as gone. Any other reason is an answer.
bool IsGone(const ErrorDetails& details) {
  return details.reason.empty() || details.reason == "STOPPING";
}

std::string Lines(const Style& style, const std::string& error,
                  const std::string& why, const std::string& hint) {
  std::string text = absl::StrCat(style.Red("error: "), error, "\n");
  if (!why.empty()) {
    absl::StrAppend(&text, style.Dim("why:   "), style.Dim(why), "\n");
  }
  if (!hint.empty()) {
    absl::StrAppend(&text, style.Cyan("hint:  "), hint, "\n");
  }
  return text;
}

}  // namespace

ErrorDetails GetErrorDetails(const grpc::Status& status) {
  ErrorDetails details;
  google::rpc::Status message;
  if (!message.ParseFromString(status.error_details())) return details;
  for (const google::protobuf::Any& any : message.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) {
      details.reason = info.reason();
      details.metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (any.UnpackTo(&retry)) {
      details.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                            absl::Nanoseconds(retry.retry_delay().nanos());
    }
  }
  return details;
}

std::string ShortMessage(const grpc::Status& status) {
  const std::string& message = status.error_message();
  constexpr std::string_view kBefore = "last error: UNKNOWN: ";
  const size_t at = message.find(kBefore);
  return at == std::string::npos ? message
                                 : message.substr(at + kBefore.size());
}

ExitCode ExitCodeFor(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return kExitOk;
    case grpc::StatusCode::NOT_FOUND:
      return kExitNotFound;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::ABORTED:
      return kExitRefused;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return kExitNoRoom;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return kExitDeadline;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return kExitForbidden;
    case grpc::StatusCode::UNAVAILABLE:
      return IsGone(GetErrorDetails(status)) ? kExitUnreachable : kExitFailed;
    default:
      return kExitFailed;
  }
}

std::string DescribeError(const grpc::Status& status, const std::string& target,
                          const Style& style) {
  const std::string message = Printable(ShortMessage(status));
  const ErrorDetails details = GetErrorDetails(status);
  if (ExitCodeFor(status) == kExitUnreachable && details.reason.empty()) {
    return Lines(style, absl::StrCat("no daemon answers at ", target), message,
                 "start one with `warmupd`, or say where it listens with "
                 "--target or $WARMUP_TARGET");
  }
  std::string why = CodeName(status.error_code());
  if (!details.reason.empty()) absl::StrAppend(&why, ", ", details.reason);
  if (!details.metadata.empty()) {
    absl::StrAppend(
        &why, " (",
        absl::StrJoin(details.metadata, ", ",
                      [](std::string* text, const auto& entry) {
                        text->append(HumanPair(entry.first, entry.second));
                      }),
        ")");
  }
  return Lines(style, message.empty() ? "the daemon gave no message" : message,
               Printable(why), Printable(HintFor(status, details)));
}

}  // namespace warmup::cli
