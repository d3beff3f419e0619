#ifndef WARMUP_CLIENTS_CLI_STATUS_FRAME_H_
#define WARMUP_CLIENTS_CLI_STATUS_FRAME_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/terminal.h"
#include "warmup/v1/event.pb.h"
#include "warmup/v1/model.pb.h"
#include "warmup/v1/warmup.pb.h"

namespace warmup::cli {

// All that one frame of `status` shows. A value.
struct StatusView {
  std::string target;
  std::string trouble;  // why the daemon does not answer now; empty: it does
  absl::Time now;
  v1::GetWarmupMetricsResponse metrics;
  std::map<std::string, v1::Model> models;  // by id
  std::vector<v1::Event> events;            // oldest first
};

// The lines of a frame, none wider than size.columns and at most size.rows of
// them; 0 rows: as many as it takes. Where not all models have room, those are
// shown that are busy, warm or expected.
std::vector<std::string> RenderStatus(const StatusView& view,
                                      const Style& style, TerminalSize size);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_STATUS_FRAME_H_
