#include "server/log.h"

#include <grpc/support/log.h>
#include <spdlog/async.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace warmup {
namespace {

constexpr size_t kQueuedLines = 8192;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// A word stays as it is, anything else is quoted.
std::string Value(const std::string& text) {
  const bool is_word =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 127 && c != '"' && c != '=' && c != '\\';
      });
  return is_word ? text : absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

// What gRPC itself has to say interests who debugs gRPC.
void LogOfGrpc(gpr_log_func_args* args) {
  spdlog::debug("grpc: {}", args->message);
}

}  // namespace

void StartLog(const std::string& level) {
  spdlog::init_thread_pool(kQueuedLines, 1);
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::async_logger>(
      "", std::move(sink), spdlog::thread_pool(),
      spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%-7l%$ %v");
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  SetLogLevel(level);
  gpr_set_log_function(LogOfGrpc);
}

void SetLogLevel(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
}

void StopLog() { spdlog::shutdown(); }

void Log(LogLevel level, std::string_view message,
         std::initializer_list<LogField> fields) {
  std::string line(message);
  for (const auto& [key, value] : fields) {
    absl::StrAppend(&line, " ", std::string(key), "=", Value(value));
  }
  spdlog::log(ToSpdlog(level), "{}", line);
}

void LogSink::OnObservation(const Observation& observation) {
  for (const LoadFinished& load : observation.loads) {
    const std::string seconds =
        absl::StrFormat("%.3f", absl::ToDoubleSeconds(load.duration));
    if (load.outcome == "failed") {
      Log(LogLevel::kWarning, "load failed",
          {{"model", load.model},
           {"kind", std::string(ToString(load.kind))},
           {"seconds", seconds},
           {"error", load.error}});
    } else {
      Log(LogLevel::kInfo,
          load.outcome == "ready" ? "model ready" : "load cancelled",
          {{"model", load.model},
           {"kind", std::string(ToString(load.kind))},
           {"seconds", seconds},
           {"read_bytes", std::to_string(load.read_bytes)}});
    }
  }
  for (const ModelRemoved& removed : observation.removed) {
    Log(LogLevel::kInfo, "model removed", {{"model", removed.id}});
  }
}

}  // namespace warmup
