#ifndef WARMUP_CLIENTS_CLI_WORDS_H_
#define WARMUP_CLIENTS_CLI_WORDS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

// Between the API's values and the words and quantities of the command line.
namespace warmup::cli {

// MODEL_STATE_READY -> "ready"; ..._UNSPECIFIED -> "-".
std::string EnumWord(const google::protobuf::EnumDescriptor& descriptor,
                     int value);
// All words of an enum in order, without the unspecified one.
std::vector<std::string> EnumWords(
    const google::protobuf::EnumDescriptor& descriptor);
// Nothing if there is no such word.
std::optional<int> EnumFromWord(
    const google::protobuf::EnumDescriptor& descriptor, std::string_view word);

template <class Enum>
std::string Word(Enum value) {
  return EnumWord(*google::protobuf::GetEnumDescriptor<Enum>(), value);
}

absl::Time FromProto(const google::protobuf::Timestamp& time);
absl::Duration FromProto(const google::protobuf::Duration& duration);
google::protobuf::Duration ToProto(absl::Duration duration);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_WORDS_H_
