#include "clients/cli/client.h"

#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "clients/cli/json.h"
#include "clients/cli/target.h"

namespace warmup::cli {
namespace {

void WriteTo(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

}  // namespace

Cli::Cli() : out_(Style::For(STDOUT_FILENO)), err_(Style::For(STDERR_FILENO)) {}

void Cli::DisableColor() {
  out_ = Style::Plain();
  err_ = Style::Plain();
}

const std::string& Cli::target() {
  if (target_.empty()) target_ = ResolveTarget(target_flag);
  return target_;
}

const std::shared_ptr<grpc::Channel>& Cli::channel() {
  if (channel_ == nullptr) channel_ = MakeChannel(target());
  return channel_;
}

void Cli::SetDeadline(grpc::ClientContext* context,
                      absl::Duration default_timeout) const {
  const absl::Duration wait = timeout.value_or(default_timeout);
  if (wait == absl::InfiniteDuration()) return;
  context->set_deadline(absl::ToChronoTime(absl::Now() + wait));
}

bool Cli::Check(const grpc::Status& status) {
  if (status.ok()) return true;
  grpc::Status told = status;
  // Out of time while still connecting: that is no slow daemon, but none.
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED &&
      channel()->GetState(false) != GRPC_CHANNEL_READY) {
    told = grpc::Status(grpc::StatusCode::UNAVAILABLE,
                        "it did not answer in time");
  }
  exit_code_ = ExitCodeFor(told);
  WriteTo(stderr, DescribeError(told, target(), err_));
  return false;
}

void Cli::CheckWatch(const grpc::Status& status) {
  if (status.ok()) {
    Fail(kExitUnreachable, "the daemon has ended the stream: it is stopping");
    return;
  }
  const bool is_time_over =
      timeout.has_value() &&
      status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED &&
      channel()->GetState(false) == GRPC_CHANNEL_READY;
  if (!is_time_over) Check(status);
}

void Cli::Print(const google::protobuf::Message& message,
                const std::string& text) {
  WriteTo(stdout, is_json ? IndentJson(ToJson(message)) : text);
}

void Cli::PrintLine(const google::protobuf::Message& message,
                    const std::string& text) {
  WriteTo(stdout, is_json ? absl::StrCat(ToJson(message), "\n") : text);
}

void Cli::Write(const std::string& text) const { WriteTo(stdout, text); }

void Cli::Say(const std::string& message) const {
  if (!is_json) WriteTo(stderr, absl::StrCat(message, "\n"));
}

void Cli::Warn(const std::string& message) const {
  WriteTo(stderr, absl::StrCat(err_.Yellow(message), "\n"));
}

void Cli::Fail(ExitCode code, const std::string& message,
               const std::string& hint) {
  exit_code_ = code;
  WriteTo(stderr, absl::StrCat(err_.Red("error: "), message, "\n"));
  if (!hint.empty()) {
    WriteTo(stderr, absl::StrCat(err_.Cyan("hint:  "), hint, "\n"));
  }
}

}  // namespace warmup::cli
