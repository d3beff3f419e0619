#include "adapters/engines/files/os_error.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "adapters/engines/files/model_header.h"
#include "core/base/error.h"
#include "core/base/limits.h"

namespace warmup {
namespace {

std::string Quoted(std::string_view path) {
  return "\"" + PrintableText(path, limits::kMaxPathBytes) + "\"";
}

}  // namespace

absl::Status FileError(int error, std::string_view doing,
                       std::string_view path) {
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  std::string_view reason = "FILE_UNAVAILABLE";
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      code = absl::StatusCode::kNotFound;
      reason = "FILE_NOT_FOUND";
      break;
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
    case EIO:
    case ENODEV:
    case ENXIO:
      code = absl::StatusCode::kFailedPrecondition;
      reason = "FILE_UNREADABLE";
      break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      code = absl::StatusCode::kResourceExhausted;
      reason = "SYSTEM_LIMIT";
      break;
    default:
      break;
  }
  const std::string message = std::string(doing) + " " + Quoted(path) + ": " +
                              std::generic_category().message(error);
  return MakeError(code, reason, message,
                   {{"path", PrintableText(path, limits::kMaxPathBytes)}});
}

absl::Status FileUnfit(std::string_view reason, std::string_view path,
                       std::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, reason,
                   Quoted(path) + " " + std::string(what),
                   {{"path", PrintableText(path, limits::kMaxPathBytes)}});
}

}  // namespace warmup
