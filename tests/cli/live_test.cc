// What a person sees: the program on a terminal, ended with Ctrl-C.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/cli/run.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE_METHOD(CliFixture,
                 "Live: status follows, and gives the cursor back") {
  daemon().HoldStreams();
  TerminalRun run({WARMUPCTL, "--target", target(), "status"});
  CHECK(run.ReadUntil("80 % warm"));
  CHECK(run.ReadUntil("Ctrl-C ends"));
  CHECK(Has(run.output(), "\033[?25l"));
  run.Signal(SIGINT);
  CHECK(run.Wait() == 0);
  CHECK(Has(run.output(), "\033[?25h\033[?1049l"));
}

TEST_CASE_METHOD(CliFixture, "Live: status ends on SIGTERM as well") {
  daemon().HoldStreams();
  TerminalRun run({WARMUPCTL, "--target", target(), "status"});
  CHECK(run.ReadUntil("Ctrl-C ends"));
  run.Signal(SIGTERM);
  CHECK(run.Wait() == 0);
}

TEST_CASE_METHOD(CliFixture, "Live: status waits for a daemon that goes away") {
  daemon().HoldStreams();
  TerminalRun run({WARMUPCTL, "--target", target(), "status"});
  CHECK(run.ReadUntil("Ctrl-C ends"));
  daemon().Fail("GetWarmupMetrics",
                grpc::Status(grpc::UNAVAILABLE, "socket closed"));
  CHECK(run.ReadUntil("trying again: socket closed"));
  CHECK(Has(run.output(), "coder:1.5b"));
  run.Signal(SIGINT);
  CHECK(run.Wait() == 0);
}

// Listens on a Unix socket, and never answers.
class SilentServer {
 public:
  explicit SilentServer(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path),
              sizeof(address.sun_path) - 1);
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);
    REQUIRE(bind(fd_, plain, sizeof(address)) == 0);
    REQUIRE(listen(fd_, 1) == 0);
  }
  ~SilentServer() {
    if (accepted_ >= 0) close(accepted_);
    close(fd_);
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  void WaitForClient() { accepted_ = accept(fd_, nullptr, nullptr); }

 private:
  const int fd_;
  int accepted_ = -1;
};

TEST_CASE("Live: Ctrl-C ends status even if the daemon never answers") {
  const TempFolder folder;
  SilentServer server(folder.File("s.sock"));
  TerminalRun run({WARMUPCTL, "--target", folder.File("s.sock"), "status"});
  server.WaitForClient();
  run.Signal(SIGINT);
  CHECK(run.Wait() == 0);
  CHECK_FALSE(Has(run.output(), "\033["));
}

TEST_CASE_METHOD(CliFixture, "Live: Ctrl-C ends a watch with 0") {
  daemon().HoldStreams();
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{
           {"events", "watch"}, {"models", "watch"}, {"health", "--watch"}}) {
    std::vector<std::string> words{WARMUPCTL, "--target", target()};
    words.insert(words.end(), command.begin(), command.end());
    TerminalRun run(words);
    CHECK(run.ReadUntil(command[0] == "events"   ? "build_finished"
                        : command[0] == "models" ? "removed"
                                                 : "SERVING"));
    run.Signal(SIGINT);
    CHECK(run.Wait() == 0);
  }
}

TEST_CASE_METHOD(CliFixture, "Live: a watch with a time ends with 0") {
  daemon().HoldStreams();
  const RunResult result = Run({"events", "watch", "--timeout", "200ms"});
  CHECK(result.exit_code == 0);
  CHECK(Has(result.out, "build_finished"));
}

TEST_CASE_METHOD(CliFixture, "Live: colours only where they are wanted") {
  TerminalRun colored({WARMUPCTL, "--target", target(), "models"});
  CHECK(colored.Wait() == 0);
  CHECK(Has(colored.output(), "\033[32m● ready"));
  TerminalRun plain({WARMUPCTL, "--target", target(), "models", "--no-color"});
  CHECK(plain.Wait() == 0);
  CHECK_FALSE(Has(plain.output(), "\033["));
  TerminalRun no_color(
      {"env", "NO_COLOR=1", WARMUPCTL, "--target", target(), "models"});
  CHECK(no_color.Wait() == 0);
  CHECK_FALSE(Has(no_color.output(), "\033["));
}

}  // namespace
}  // namespace warmup::cli
