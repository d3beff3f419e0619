#ifndef WARMUP_SERVER_LOG_H_
#define WARMUP_SERVER_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/ports/event_sink.h"

// The daemon's log: one line an event on stderr, key=value, never a prompt, a
// file's text or a token. Lines are queued and written by a thread of their
// own; where stderr is stuck the oldest are dropped, nobody waits.
namespace warmup {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Called once by main before anything is logged; `level` as in LogConfig.
void StartLog(const std::string& level);
void SetLogLevel(const std::string& level);
// Writes what is queued.
void StopLog();

using LogField = std::pair<std::string_view, std::string>;
// "message key=value key="with space"".
void Log(LogLevel level, std::string_view message,
         std::initializer_list<LogField> fields = {});

// Logs loads as they end.
class LogSink final : public EventSink {
 public:
  void OnObservation(const Observation& observation) override;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_LOG_H_
