#include "adapters/engines/kserve/rpc_status.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/engines/kserve/answers.h"
#include "core/base/error.h"

namespace warmup::kserve {
namespace {

using absl::StatusCode;

// What is said of memory that is not there, in small letters.
constexpr std::string_view kMemoryWords[] = {"out of memory", "memoryerror",
                                             "bad_alloc", "allocate"};

bool Says(std::string_view words, std::string_view part) {
  return words.find(part) != std::string_view::npos;
}

bool SaysMemory(std::string_view words) {
  return std::any_of(std::begin(kMemoryWords), std::end(kMemoryWords),
                     [&](std::string_view part) { return Says(words, part); });
}

struct Meaning {
  StatusCode code;
  std::string_view reason;
};

// Of a load's errors that are about the model; `words` in small letters.
Meaning MeaningOfLoad(grpc::StatusCode code, std::string_view words) {
  if (code == grpc::StatusCode::NOT_FOUND ||
      Says(words, "failed to poll from model repository")) {
    return {StatusCode::kNotFound, "MODEL_NOT_FOUND"};
  }
  if (code == grpc::StatusCode::RESOURCE_EXHAUSTED || SaysMemory(words)) {
    return {StatusCode::kResourceExhausted, "MEMORY_SHORT"};
  }
  // Triton says INVALID_ARGUMENT of what its backend cannot load, MLServer
  // INTERNAL of what is thrown by the model's own code.
  return {StatusCode::kFailedPrecondition, "MODEL_DAMAGED"};
}

Meaning MeaningOf(grpc::StatusCode code, std::string_view words,
                  Operation operation, bool is_cancelled_by_us) {
  switch (code) {
    case grpc::StatusCode::CANCELLED:
      if (is_cancelled_by_us) return {StatusCode::kCancelled, "CANCELLED"};
      return {StatusCode::kUnavailable, "ENGINE_FAILED"};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {StatusCode::kDeadlineExceeded, "ENGINE_TOO_SLOW"};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {StatusCode::kFailedPrecondition, "NOT_KSERVE"};
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return {StatusCode::kUnavailable, "ENGINE_REFUSES"};
    case grpc::StatusCode::UNAVAILABLE:
      // Triton, when it is told to look after its models by itself.
      if (Says(words, "not allowed")) {
        return {StatusCode::kUnavailable, "ENGINE_REFUSES"};
      }
      if (Says(words, "http1.x")) {
        return {StatusCode::kFailedPrecondition, "NOT_KSERVE"};
      }
      return {StatusCode::kUnavailable, "ENGINE_UNAVAILABLE"};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      if (Says(words, "larger than max") || Says(words, "metadata size")) {
        return {StatusCode::kUnavailable, "ENGINE_ANSWER_TOO_LONG"};
      }
      break;
    default:
      break;
  }
  if (operation == Operation::kLoad) return MeaningOfLoad(code, words);
  return code == grpc::StatusCode::NOT_FOUND
             ? Meaning{StatusCode::kNotFound, "MODEL_NOT_FOUND"}
             : Meaning{StatusCode::kUnavailable, "ENGINE_FAILED"};
}

}  // namespace

absl::Status Speaker::Error(absl::StatusCode code, std::string_view reason,
                            const std::string& model,
                            std::string_view what) const {
  const std::string message =
      absl::StrCat("engine \"", engine, "\" at ", endpoint,
                   model.empty() ? "" : absl::StrCat(": model \"", model, "\""),
                   ": ", std::string(what));
  if (model.empty()) {
    return MakeError(code, reason, message,
                     {{"engine", engine}, {"endpoint", endpoint}});
  }
  return MakeError(
      code, reason, message,
      {{"engine", engine}, {"endpoint", endpoint}, {"model", model}});
}

absl::Status ToStatus(const grpc::Status& status, const Speaker& speaker,
                      Operation operation, const std::string& model,
                      bool is_cancelled_by_us) {
  if (status.ok()) return absl::OkStatus();
  const std::string words = absl::AsciiStrToLower(status.error_message());
  const auto [code, reason] =
      MeaningOf(status.error_code(), words, operation, is_cancelled_by_us);
  std::string what = Words(status.error_message());
  if (reason == "CANCELLED") what = "cancelled";
  if (reason == "NOT_KSERVE") {
    what = "is no server of the open inference protocol: " + what;
  }
  return speaker.Error(code, reason, model, what);
}

}  // namespace warmup::kserve
