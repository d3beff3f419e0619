#include "clients/cli/errors.h"

#include "tests/cli/fake_daemon.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

using grpc::StatusCode;

std::string Describe(const grpc::Status& status) {
  return DescribeError(status, "unix:/d.sock", Style::Plain());
}

TEST_CASE("Errors: the exit code follows from the status code") {
  const auto exit_code = [](StatusCode code) {
    return ExitCodeFor(grpc::Status(code, "x"));
  };
  CHECK(exit_code(StatusCode::OK) == 0);
  CHECK(exit_code(StatusCode::INTERNAL) == 1);
  CHECK(exit_code(StatusCode::UNIMPLEMENTED) == 1);
  CHECK(exit_code(StatusCode::UNAVAILABLE) == 3);
  CHECK(exit_code(StatusCode::NOT_FOUND) == 4);
  CHECK(exit_code(StatusCode::INVALID_ARGUMENT) == 5);
  CHECK(exit_code(StatusCode::ALREADY_EXISTS) == 5);
  CHECK(exit_code(StatusCode::FAILED_PRECONDITION) == 5);
  CHECK(exit_code(StatusCode::OUT_OF_RANGE) == 5);
  CHECK(exit_code(StatusCode::RESOURCE_EXHAUSTED) == 6);
  CHECK(exit_code(StatusCode::DEADLINE_EXCEEDED) == 7);
  CHECK(exit_code(StatusCode::PERMISSION_DENIED) == 8);
  CHECK(exit_code(StatusCode::UNAUTHENTICATED) == 8);
}

TEST_CASE("Errors: UNAVAILABLE with a reason is a daemon that answers") {
  const grpc::Status status = FakeError(StatusCode::UNAVAILABLE, "later",
                                        "LOAD_BACKING_OFF", {{"model", "a"}});
  CHECK(ExitCodeFor(status) == kExitFailed);
  CHECK(Describe(status).find("no daemon") == std::string::npos);
}

TEST_CASE("Errors: a daemon that stops is as good as gone") {
  const grpc::Status status = FakeError(
      StatusCode::UNAVAILABLE, "warmupd is stopping", "STOPPING", {}, 1000);
  CHECK(ExitCodeFor(status) == kExitUnreachable);
  CHECK(Describe(status).find("error: warmupd is stopping\n") == 0);
}

TEST_CASE("Errors: of a failed connection only the cause is told") {
  CHECK(ShortMessage(grpc::Status(
            StatusCode::UNAVAILABLE,
            "failed to connect to all addresses; last error: UNKNOWN: "
            "unix:/d.sock: Connection refused")) ==
        "unix:/d.sock: Connection refused");
}

TEST_CASE("Errors: the details are read from google.rpc.Status") {
  const ErrorDetails details =
      GetErrorDetails(FakeError(StatusCode::NOT_FOUND, "no model \"a\"",
                                "MODEL_NOT_FOUND", {{"model", "a"}}, 1500));
  CHECK(details.reason == "MODEL_NOT_FOUND");
  CHECK(details.metadata == std::map<std::string, std::string>{{"model", "a"}});
  CHECK(details.retry_after == absl::Milliseconds(1500));
}

TEST_CASE("Errors: details that are no google.rpc.Status are ignored") {
  const ErrorDetails details =
      GetErrorDetails(grpc::Status(StatusCode::INTERNAL, "x", "\xff\xff junk"));
  CHECK(details.reason.empty());
  CHECK_FALSE(details.retry_after.has_value());
}

TEST_CASE("Errors: a known reason has a hint that names the model") {
  CHECK(Describe(FakeError(StatusCode::ALREADY_EXISTS, "model \"a\" is there",
                           "MODEL_EXISTS", {{"model", "a"}})) ==
        "error: model \"a\" is there\n"
        "why:   ALREADY_EXISTS, MODEL_EXISTS (model=a)\n"
        "hint:  change it with `warmupctl models update a`, or remove it "
        "first\n");
}

TEST_CASE("Errors: a hint without its values says what to put there") {
  CHECK(Describe(FakeError(StatusCode::ALREADY_EXISTS, "x", "MODEL_EXISTS"))
            .find("models update MODEL`") != std::string::npos);
}

TEST_CASE("Errors: bytes are told as people read them") {
  CHECK(Describe(FakeError(
            StatusCode::RESOURCE_EXHAUSTED, "x", "DOES_NOT_FIT",
            {{"needed_bytes", "734003200"}, {"budget_bytes", "1073741824"}})) ==
        "error: x\n"
        "why:   RESOURCE_EXHAUSTED, DOES_NOT_FIT (budget=1 GiB, needed=700 "
        "MiB)\n"
        "hint:  `warmupctl status` shows what holds the memory; unload, unpin "
        "or release it, or add --may-evict to --no-wait\n");
}

TEST_CASE("Errors: what is above the whole budget can never fit") {
  CHECK(Describe(FakeError(StatusCode::RESOURCE_EXHAUSTED, "x", "DOES_NOT_FIT",
                           {{"needed_bytes", "734003200"},
                            {"budget_bytes", "629145600"}}))
            .find("hint:  it is larger than the whole budget") !=
        std::string::npos);
}

TEST_CASE("Errors: when to try again is told") {
  CHECK(Describe(FakeError(StatusCode::RESOURCE_EXHAUSTED, "busy", "SHED", {},
                           1500)) ==
        "error: busy\n"
        "why:   RESOURCE_EXHAUSTED, SHED\n"
        "hint:  try again in 1.5 s\n");
}

TEST_CASE("Errors: without a daemon it says how to start one") {
  const std::string text =
      Describe(grpc::Status(StatusCode::UNAVAILABLE, "No such file"));
  CHECK(text.find("error: no daemon answers at unix:/d.sock\n") == 0);
  CHECK(text.find("No such file") != std::string::npos);
  CHECK(text.find("`warmupd`") != std::string::npos);
}

TEST_CASE("Errors: control characters of a message do not reach a terminal") {
  CHECK(
      Describe(grpc::Status(StatusCode::INTERNAL, "a\033[2Jb")).find('\033') ==
      std::string::npos);
}

}  // namespace
}  // namespace warmup::cli
