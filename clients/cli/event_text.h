#ifndef WARMUP_CLIENTS_CLI_EVENT_TEXT_H_
#define WARMUP_CLIENTS_CLI_EVENT_TEXT_H_

#include <string>

#include "clients/cli/terminal.h"
#include "warmup/v1/event.pb.h"

namespace warmup::cli {

// An event in one line without its end: sequence, time, type, source, its
// data and metadata as key=value.
std::string EventLine(const v1::Event& event, const Style& style);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_EVENT_TEXT_H_
