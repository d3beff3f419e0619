#ifndef WARMUP_CLIENTS_CLI_DEVICES_TEXT_H_
#define WARMUP_CLIENTS_CLI_DEVICES_TEXT_H_

#include <string>
#include <vector>

#include "clients/cli/terminal.h"
#include "warmup/v1/device.pb.h"

namespace warmup::cli {

// Lines about each device: what it is, its memory as a bar of what models hold,
// what others do, and what is free, and what else is known; then why none of
// some kind are seen.
std::vector<std::string> DevicesText(const v1::ListDevicesResponse& response,
                                     const Style& style);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_DEVICES_TEXT_H_
