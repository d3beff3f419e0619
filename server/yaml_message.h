#ifndef WARMUP_SERVER_YAML_MESSAGE_H_
#define WARMUP_SERVER_YAML_MESSAGE_H_

#include <google/protobuf/message.h>

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace warmup {

// YAML as the text form of a protobuf message: maps are messages, keys are
// field names, durations are written like "1m30s". Only the kinds of fields
// that a configuration has: string, bool, int32, int64, Duration, messages, and
// lists of strings and of messages.

// Sets in `message` what `text` says; other fields stay. Unknown and double
// keys and values of a wrong kind are INVALID_ARGUMENT:
// "<name>:<line>:<column>: listen.unix_sockets: there is no such field".
// On an error `message` may be half changed.
absl::Status MergeYaml(std::string_view name, const std::string& text,
                       google::protobuf::Message* message);

// Sets the one field at `path` ("listen.unix_socket") to `value`, as it would
// stand in YAML.
absl::Status SetYamlField(std::string_view name, std::string_view path,
                          const std::string& value,
                          google::protobuf::Message* message);

// Calls `visit` with the path of every field that is not one message.
void ForEachYamlField(const google::protobuf::Descriptor& type,
                      const std::function<void(const std::string&)>& visit);

// All fields, those at their default included.
std::string ToYaml(const google::protobuf::Message& message);

}  // namespace warmup

#endif  // WARMUP_SERVER_YAML_MESSAGE_H_
