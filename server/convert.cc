#include "server/convert.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"

namespace warmup {
namespace {

constexpr int64_t kMaxNanos = 999'999'999;
// 0001-01-01 to 9999-12-31, the range of a Timestamp.
constexpr int64_t kMinSeconds = -62'135'596'800;
constexpr int64_t kMaxSeconds = 253'402'300'799;

}  // namespace

absl::Status InvalidField(std::string_view field, std::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                   absl::StrCat(std::string(field), ": ", std::string(what)),
                   {{"field", field}});
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

void WallClock::Set(absl::Time time, google::protobuf::Timestamp* out) const {
  SetTimestamp(time + ahead_, out);
}

absl::StatusOr<absl::Time> WallClock::Read(
    std::string_view field, const google::protobuf::Timestamp& in) const {
  if (in.seconds() < kMinSeconds || in.seconds() > kMaxSeconds ||
      in.nanos() < 0 || in.nanos() > kMaxNanos) {
    return InvalidField(field, "is not a time");
  }
  return absl::FromUnixSeconds(in.seconds()) + absl::Nanoseconds(in.nanos()) -
         ahead_;
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
