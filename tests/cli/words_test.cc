#include "clients/cli/words.h"

#include "tests/support/catch.h"
#include "warmup/v1/model.pb.h"
#include "warmup/v1/warmup.pb.h"

namespace warmup::cli {
namespace {

TEST_CASE("Words: an enum's value is its name without the prefix") {
  CHECK(Word(v1::MODEL_STATE_READY) == "ready");
  CHECK(Word(v1::PREDICTION_MODE_PREDICT_AND_WARM) == "predict_and_warm");
  CHECK(Word(v1::MODEL_TYPE_UNSPECIFIED) == "-");
  CHECK(Word(static_cast<v1::ModelType>(99)) == "-");
}

TEST_CASE("Words: they are read back") {
  const auto& type = *v1::ModelType_descriptor();
  CHECK(EnumFromWord(type, "chat") == v1::MODEL_TYPE_CHAT);
  CHECK_FALSE(EnumFromWord(type, "unspecified").has_value());
  CHECK_FALSE(EnumFromWord(type, "Chat").has_value());
  CHECK(EnumWords(*v1::RequestPriority_descriptor()) ==
        std::vector<std::string>{"low", "medium", "high", "critical"});
}

TEST_CASE("Words: times and durations keep their nanoseconds") {
  const absl::Duration duration = absl::Seconds(90) + absl::Nanoseconds(7);
  CHECK(ToProto(duration).seconds() == 90);
  CHECK(FromProto(ToProto(duration)) == duration);
  google::protobuf::Timestamp time;
  time.set_seconds(5);
  time.set_nanos(3);
  CHECK(FromProto(time) == absl::FromUnixNanos(5'000'000'003));
}

}  // namespace
}  // namespace warmup::cli
