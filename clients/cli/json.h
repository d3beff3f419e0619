#ifndef WARMUP_CLIENTS_CLI_JSON_H_
#define WARMUP_CLIENTS_CLI_JSON_H_

#include <google/protobuf/message.h>

#include <string>

namespace warmup::cli {

// A message as JSON in one line: proto field names, fields at their default
// included, enums by name.
std::string ToJson(const google::protobuf::Message& message);

// The same JSON, two spaces a level, ending in \n. `json` is valid JSON.
std::string IndentJson(const std::string& json);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_JSON_H_
