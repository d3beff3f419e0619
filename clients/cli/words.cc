#include "clients/cli/words.h"

#include <cctype>

#include "absl/strings/ascii.h"

namespace warmup::cli {
namespace {

// ModelState -> "MODEL_STATE_", which its values begin with.
std::string PrefixOf(const google::protobuf::EnumDescriptor& descriptor) {
  std::string prefix;
  for (const char letter : descriptor.name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(letter)) &&
        !prefix.empty()) {
      prefix += '_';
    }
    prefix += absl::ascii_toupper(static_cast<unsigned char>(letter));
  }
  return prefix + "_";
}

}  // namespace

std::string EnumWord(const google::protobuf::EnumDescriptor& descriptor,
                     int value) {
  const auto* found = descriptor.FindValueByNumber(value);
  if (value == 0 || found == nullptr) return "-";
  return absl::AsciiStrToLower(
      found->name().substr(PrefixOf(descriptor).size()));
}

std::vector<std::string> EnumWords(
    const google::protobuf::EnumDescriptor& descriptor) {
  std::vector<std::string> words;
  for (int i = 0; i < descriptor.value_count(); ++i) {
    const int value = descriptor.value(i)->number();
    if (value != 0) words.push_back(EnumWord(descriptor, value));
  }
  return words;
}

std::optional<int> EnumFromWord(
    const google::protobuf::EnumDescriptor& descriptor, std::string_view word) {
  for (int i = 0; i < descriptor.value_count(); ++i) {
    const int value = descriptor.value(i)->number();
    if (value != 0 && EnumWord(descriptor, value) == word) return value;
  }
  return std::nullopt;
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

}  // namespace warmup::cli
