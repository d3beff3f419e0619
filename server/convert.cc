#include "server/convert.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "core/foresight/memory_price.h"

namespace warmup {
namespace {

constexpr int64_t kMaxNanos = 999'999'999;
// 0001-01-01 to 9999-12-31, the range of a Timestamp.
constexpr int64_t kMinSeconds = -62'135'596'800;
constexpr int64_t kMaxSeconds = 253'402'300'799;

// Bytes of the UTF-8 character that `text` begins with; 0: it does not.
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto is_tail = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) return 1;
  if (first < 0xC2U || !is_tail(1)) return 0;
  if (first < 0xE0U) return 2;
  if (!is_tail(2)) return 0;
  const unsigned second = byte(1);
  if (first < 0xF0U) {  // neither overlong nor a surrogate
    const bool is_bad = (first == 0xE0U && second < 0xA0U) ||
                        (first == 0xEDU && second > 0x9FU);
    return is_bad ? 0 : 3;
  }
  const bool is_bad = !is_tail(3) || first > 0xF4U ||
                      (first == 0xF0U && second < 0x90U) ||
                      (first == 0xF4U && second > 0x8FU);
  return is_bad ? 0 : 4;
}

}  // namespace

std::string WireText(std::string_view text, size_t max_bytes) {
  constexpr std::string_view kMore = "...";
  std::string out;
  size_t end = 0;  // of what would be kept before kMore
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (out.size() + std::max<size_t>(length, 1) > max_bytes) {
      out.resize(end);
      return out.append(kMore);
    }
    if (length == 0) {
      out.push_back('?');
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
    if (out.size() + kMore.size() <= max_bytes) end = out.size();
  }
  return out;
}

void SetTimestamp(absl::Time time, google::protobuf::Timestamp* out) {
  const int64_t nanos = absl::ToUnixNanos(time);
  const int64_t seconds = absl::ToUnixSeconds(time);  // rounds down
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int>(nanos - seconds * 1'000'000'000));
}

void SetDuration(absl::Duration duration, google::protobuf::Duration* out) {
  const int64_t seconds =
      absl::IDivDuration(duration, absl::Seconds(1), &duration);
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(duration)));
}

absl::StatusOr<absl::Duration> ReadDuration(
    std::string_view field, const google::protobuf::Duration& in) {
  constexpr int64_t kMaxDurationSeconds = 315'576'000'000;  // its own range
  if (in.seconds() < -kMaxDurationSeconds ||
      in.seconds() > kMaxDurationSeconds || in.nanos() < -kMaxNanos ||
      in.nanos() > kMaxNanos) {
    return InvalidField(field, "is not a duration");
  }
  return absl::Seconds(in.seconds()) + absl::Nanoseconds(in.nanos());
}

absl::StatusOr<double> ReadMemoryPrice(std::string_view field,
                                       const std::string& in) {
  absl::StatusOr<double> price = foresight::ParseMemoryPrice(in);
  if (price.ok()) return price;
  return InvalidField(field, std::string(price.status().message()));
}

void WallClock::Set(absl::Time time, google::protobuf::Timestamp* out) const {
  SetTimestamp(time + ahead_, out);
}

absl::StatusOr<absl::Time> WallClock::Read(
    std::string_view field, const google::protobuf::Timestamp& in) const {
  WARMUP_ASSIGN_OR_RETURN(const absl::Time time, ReadTimestamp(field, in));
  return time - ahead_;
}

absl::StatusOr<absl::Time> ReadTimestamp(
    std::string_view field, const google::protobuf::Timestamp& in) {
  if (in.seconds() < kMinSeconds || in.seconds() > kMaxSeconds ||
      in.nanos() < 0 || in.nanos() > kMaxNanos) {
    return InvalidField(field, "is not a time");
  }
  return absl::FromUnixSeconds(in.seconds()) + absl::Nanoseconds(in.nanos());
}

absl::StatusOr<ModelType> ReadModelType(std::string_view field,
                                        v1::ModelType in) {
  static_assert(static_cast<int>(ModelType::kCustom) == v1::MODEL_TYPE_CUSTOM);
  static_assert(static_cast<int>(ModelType::kRerank) == v1::MODEL_TYPE_RERANK);
  if (!v1::ModelType_IsValid(in)) {
    return InvalidField(field, absl::StrCat("has no value ", int{in}));
  }
  return static_cast<ModelType>(in);
}

absl::StatusOr<Priority> ReadPriority(std::string_view field,
                                      v1::RequestPriority in) {
  switch (in) {
    case v1::REQUEST_PRIORITY_LOW:
      return Priority::kLow;
    case v1::REQUEST_PRIORITY_UNSPECIFIED:
    case v1::REQUEST_PRIORITY_MEDIUM:
      return Priority::kMedium;
    case v1::REQUEST_PRIORITY_HIGH:
      return Priority::kHigh;
    case v1::REQUEST_PRIORITY_CRITICAL:
      return Priority::kCritical;
    default:
      return InvalidField(field, absl::StrCat("has no value ", int{in}));
  }
}

absl::StatusOr<int> ReadPageSize(std::string_view field, int in) {
  if (in == 0) return limits::kDefaultPageSize;
  if (in < 0 || in > limits::kMaxPageSize) {
    return InvalidField(field, absl::StrCat("is ", in, ", outside 1 to ",
                                            limits::kMaxPageSize));
  }
  return in;
}

}  // namespace warmup
