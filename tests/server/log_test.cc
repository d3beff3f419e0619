#include "server/log.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>

#include "tests/support/catch.h"

namespace warmup {
namespace {

// What is logged while it lives, in the place of stderr.
class CapturedLog {
 public:
  CapturedLog() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        "captured", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%l %v");
    spdlog::set_default_logger(std::move(logger));
    SetLogLevel("debug");
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  std::string Take() {
    std::string text = text_.str();
    text_.str("");
    return text;
  }

 private:
  std::ostringstream text_;
  const std::shared_ptr<spdlog::logger> before_;
};

TEST_CASE("Log: words stay as they are, anything else is quoted") {
  CapturedLog log;
  const auto value = [&](const std::string& text) {
    Log(LogLevel::kInfo, "m", {{"k", text}});
    const std::string line = log.Take();
    REQUIRE_THAT(line, Catch::StartsWith("info m k="));
    REQUIRE(line.back() == '\n');
    return line.substr(9, line.size() - 10);
  };
  CHECK(value("qwen2.5-coder:1.5b") == "qwen2.5-coder:1.5b");
  CHECK(value("/models/a") == "/models/a");
  CHECK(value("") == R"("")");
  CHECK(value("two words") == R"("two words")");
  CHECK(value("a=b") == R"("a=b")");
  CHECK(value(R"(say "hi")") == R"("say \"hi\"")");
  CHECK(value("back\\slash") == R"("back\\slash")");
  CHECK(value("grün") == "\"grün\"");
  CHECK(value("{}") == "{}");
}

TEST_CASE("Log: nothing that a client sends begins a line of its own") {
  CapturedLog log;
  Log(LogLevel::kInfo, "m", {{"k", "a\ninfo forged k=v\r\x1b[31m\x01"}});
  CHECK(log.Take() == "info m k=\"a\\ninfo forged k=v\\r\\033[31m\\001\"\n");
}

TEST_CASE("Log: fields keep their order, lines their level") {
  CapturedLog log;
  Log(LogLevel::kWarning, "load failed", {{"model", "m"}, {"error", "gone"}});
  CHECK(log.Take() == "warning load failed model=m error=gone\n");
  SetLogLevel("warning");
  Log(LogLevel::kInfo, "quiet");
  CHECK(log.Take().empty());
  Log(LogLevel::kError, "loud");
  CHECK(log.Take() == "error loud\n");
}

TEST_CASE("LogSink: tells how loads ended and what was removed") {
  CapturedLog log;
  Observation observation;
  observation.loads = {{.model = "a",
                        .kind = LoadKind::kSpeculative,
                        .outcome = "ready",
                        .duration = absl::Milliseconds(1500),
                        .read_bytes = 7,
                        .error = {}},
                       {.model = "b",
                        .kind = LoadKind::kDemand,
                        .outcome = "failed",
                        .duration = absl::ZeroDuration(),
                        .read_bytes = 0,
                        .error = "its file is gone"},
                       {.model = "c",
                        .kind = LoadKind::kAnnounced,
                        .outcome = "cancelled",
                        .duration = absl::ZeroDuration(),
                        .read_bytes = 0,
                        .error = {}}};
  observation.removed = {{"d", 1}};
  LogSink().OnObservation(observation);
  CHECK(log.Take() ==
        "info model ready model=a kind=speculative seconds=1.500 "
        "read_bytes=7\n"
        "warning load failed model=b kind=demand seconds=0.000 "
        "error=\"its file is gone\"\n"
        "info load cancelled model=c kind=announced seconds=0.000 "
        "read_bytes=0\n"
        "info model removed model=d\n");
}

}  // namespace
}  // namespace warmup
