#ifndef WARMUP_CLIENTS_CLI_CLIENT_H_
#define WARMUP_CLIENTS_CLI_CLIENT_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <any>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "clients/cli/errors.h"
#include "clients/cli/stop_signal.h"
#include "clients/cli/terminal.h"

namespace warmup::cli {

// What all commands share: the global options, the channel, how to call and
// how to answer. Lives as long as the program; for one thread, except where
// said otherwise.
class Cli {
 public:
  Cli();
  Cli(const Cli&) = delete;
  Cli& operator=(const Cli&) = delete;

  // Set by the command line.
  std::string target_flag;
  // Not set: what each command finds right.
  std::optional<absl::Duration> timeout;
  bool is_json = false;
  void DisableColor();

  // Where a command keeps what its options are read into.
  template <class T>
  T& Keep() {
    return std::any_cast<T&>(kept_.emplace_back(std::in_place_type<T>));
  }

  const std::string& target();
  const std::shared_ptr<grpc::Channel>& channel();
  const Style& out() const { return out_; }
  const Style& err() const { return err_; }

  // Calls a method that answers once, waiting `timeout` or else
  // `default_timeout`. On an error tells it, keeps the exit code and returns
  // nothing.
  template <class Stub, class Request, class Response>
  std::optional<Response> Call(
      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                   Response*),
      const Request& request,
      absl::Duration default_timeout = absl::Seconds(10)) {
    grpc::ClientContext context;
    SetDeadline(&context, default_timeout);
    Stub stub(channel());
    Response response;
    if (!Check((stub.*method)(&context, request, &response))) return {};
    return response;
  }

  // Hands each response of a stream to `on_response` until SIGINT, SIGTERM or
  // the end of `timeout`, if that is set: those are no errors.
  template <class Stub, class Request, class Response, class OnResponse>
  void Watch(std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(
                 grpc::ClientContext*, const Request&),
             const Request& request, const OnResponse& on_response) {
    grpc::ClientContext context;
    const StopSignal stop([&context] { context.TryCancel(); });
    SetDeadline(&context, absl::InfiniteDuration());
    Stub stub(channel());
    const auto reader = (stub.*method)(&context, request);
    Response response;
    while (reader->Read(&response)) on_response(response);
    const grpc::Status status = reader->Finish();
    if (!stop.is_requested()) CheckWatch(status);
  }

  // True if OK; else tells the error and keeps the exit code.
  bool Check(const grpc::Status& status);
  void SetDeadline(grpc::ClientContext* context,
                   absl::Duration default_timeout) const;

  // The answer: JSON as asked, else `text`.
  void Print(const google::protobuf::Message& message, const std::string& text);
  // One of many answers: a line of JSON, else `text`.
  void PrintLine(const google::protobuf::Message& message,
                 const std::string& text);
  // Text of the command's own making, on stdout.
  void Write(const std::string& text) const;
  // A message for people, on stderr, unless JSON was asked for.
  void Say(const std::string& message) const;
  // The same, always.
  void Warn(const std::string& message) const;
  // An error of our own, on stderr; ends with this exit code.
  void Fail(ExitCode code, const std::string& message,
            const std::string& hint = "");

  int exit_code() const { return exit_code_; }
  void set_exit_code(ExitCode code) { exit_code_ = code; }

 private:
  void CheckWatch(const grpc::Status& status);

  Style out_;
  Style err_;
  std::string target_;
  std::shared_ptr<grpc::Channel> channel_;
  std::deque<std::any> kept_;  // a deque does not move what it holds
  ExitCode exit_code_ = kExitOk;
};

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_CLIENT_H_
