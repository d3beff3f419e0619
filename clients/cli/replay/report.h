#ifndef WARMUP_CLIENTS_CLI_REPLAY_REPORT_H_
#define WARMUP_CLIENTS_CLI_REPLAY_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clients/cli/terminal.h"
#include "core/replay/replay.h"

namespace warmup::cli {

// One run: a trace under one policy, with one budget and one seed.
struct ReplayRow {
  std::string trace;
  bool is_per_user = false;
  std::string budget;
  int64_t budget_mib = 0;
  int64_t seed = 0;
  std::string policy;
  bool sees_future = false;
  replay::Result result;
  double us_per_call = 0;  // of this computer, for each request

  std::string view() const { return is_per_user ? "user" : "pool"; }
  double stall_s() const;
  double held_gib() const;  // on average
};

// The same columns, which docs/replay.md explains: rounded, with a header; and
// {"rows": [...]}, not rounded.
std::string ReplayCsv(const std::vector<ReplayRow>& rows);
std::string ReplayJson(const std::vector<ReplayRow>& rows);
// The most telling columns, for people.
std::string ReplayTable(const std::vector<ReplayRow>& rows, const Style& style);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_REPLAY_REPORT_H_
