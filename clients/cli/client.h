#ifndef WARMUP_CLIENTS_CLI_CLIENT_H_
#define WARMUP_CLIENTS_CLI_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "clients/cli/terminal.h"

namespace google::protobuf {
class Message;
}

namespace warmup::cli {

// What the program exits with; documented in its help and never renumbered.
enum ExitCode {
  kExitOk = 0,
  kExitFailed = 1,       // the daemon answered with an error not listed here
  kExitUsage = 2,        // the command line is wrong
  kExitUnreachable = 3,  // no daemon answers at the target
  kExitNotFound = 4,
  kExitRefused = 5,    // invalid, exists already, or not in this state
  kExitNoRoom = 6,     // a limit is reached
  kExitDeadline = 7,   // no answer in time
  kExitForbidden = 8,  // not authenticated or not allowed
  kExitUnhealthy = 9,  // `health` found something that does not serve
};
ExitCode ExitCodeFor(const grpc::Status& status);

// Where the daemon is: `flag` if not empty, else $WARMUP_TARGET, else the
// socket that exists of $XDG_RUNTIME_DIR/warmupd.sock and
// /run/warmupd/warmupd.sock, else the first. A bare path becomes "unix:path".
std::string ResolveTarget(const std::string& flag);

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target);

// An error as people read it: what failed, and what the daemon says of it in
// google.rpc.ErrorInfo and RetryInfo. Lines ending in \n.
std::string DescribeError(const grpc::Status& status, const std::string& target,
                          const Style& style);

// One JSON object in one line (or indented), proto field names, fields at
// their default included.
std::string ToJson(const google::protobuf::Message& message, bool is_indented);

// What all commands share: options, the channel, how to answer. Lives as long
// as the program; not thread-safe.
class Cli {
 public:
  Cli();

  // Set by the command line.
  std::string target_flag;
  absl::Duration timeout = absl::Seconds(10);
  bool is_json = false;

  const std::string& target();
  const std::shared_ptr<grpc::Channel>& channel();
  const Style& out() const { return out_; }
  const Style& err() const { return err_; }

  template <class Service>
  std::unique_ptr<typename Service::Stub> Stub() {
    return Service::NewStub(channel());
  }

  // Calls a unary method under the deadline. On an error tells it, keeps the
  // exit code and returns nothing.
  template <class StubType, class Request, class Response>
  std::optional<Response> Call(
      StubType& stub,
      grpc::Status (StubType::*method)(grpc::ClientContext*, const Request&,
                                       Response*),
      const Request& request) {
    grpc::ClientContext context;
    SetDeadline(&context);
    Response response;
    if (!Check((stub.*method)(&context, request, &response))) return {};
    return response;
  }

  // True if OK; else as above.
  bool Check(const grpc::Status& status);
  // A stream of its own accord ended: not an error if we stopped it.
  bool CheckStream(const grpc::Status& status);
  void SetDeadline(grpc::ClientContext* context) const;

  // The answer: JSON as asked, else `table`. A watch prints one line each.
  void Print(const google::protobuf::Message& message,
             const std::string& table);
  void PrintLine(const google::protobuf::Message& message,
                 const std::string& line);
  // A message for people, on stderr.
  void Say(const std::string& message) const;

  int exit_code() const { return exit_code_; }
  void set_exit_code(int code) { exit_code_ = code; }

 private:
  const Style out_;
  const Style err_;
  std::string target_;
  std::shared_ptr<grpc::Channel> channel_;
  int exit_code_ = kExitOk;
};

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_CLIENT_H_
