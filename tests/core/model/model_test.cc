#include "core/model/model.h"

#include <limits>
#include <string>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

ModelSpec GoodSpec() {
  ModelSpec spec;
  spec.id = "qwen2.5-coder:1.5b";
  spec.engine = "files";
  spec.source = "/models/q.gguf";
  return spec;
}

std::string FieldOf(const absl::Status& status) {
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  const ErrorDetails details = GetErrorDetails(status);
  CHECK(details.reason == "INVALID_FIELD");
  const std::string field = details.metadata.at("field");
  CHECK(status.message().find(field) == 0);
  return field;
}

TEST_CASE("ValidateId: takes printable ASCII without white space") {
  CHECK(ValidateId("f", "org/model-name:v1@x~!").ok());
  CHECK(ValidateId("f", std::string(limits::kMaxIdBytes, 'x')).ok());
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a\tb"),
        std::string("a\0b", 3), std::string("a\x7f"), std::string("\xc3\xa4"),
        std::string(limits::kMaxIdBytes + 1, 'x')}) {
    CHECK(FieldOf(ValidateId("f", bad)) == "f");
  }
}

TEST_CASE("ValidateSpec: names the field that is wrong") {
  REQUIRE(ValidateSpec(GoodSpec()).ok());
  const auto field = [](auto change) {
    ModelSpec spec = GoodSpec();
    change(spec);
    return FieldOf(ValidateSpec(spec));
  };
  CHECK(field([](ModelSpec& s) { s.id = ""; }) == "spec.model_id");
  CHECK(field([](ModelSpec& s) { s.engine = ""; }) == "spec.engine");
  CHECK(field([](ModelSpec& s) { s.device = ""; }) == "spec.device");
  CHECK(field([](ModelSpec& s) { s.source = ""; }) == "spec.source");
  CHECK(field([](ModelSpec& s) {
          s.source.assign(limits::kMaxPathBytes + 1, 'x');
        }) == "spec.source");
  CHECK(field([](ModelSpec& s) { s.size_bytes = -1; }) == "spec.size_bytes");
  CHECK(field([](ModelSpec& s) {
          s.peak_bytes = std::numeric_limits<int64_t>::max();
        }) == "spec.peak_bytes");
  CHECK(field([](ModelSpec& s) {
          s.format.assign(limits::kMaxIdBytes + 1, 'x');
        }) == "spec.format");
  CHECK(field([](ModelSpec& s) {
          s.architecture.assign(limits::kMaxIdBytes + 1, 'x');
        }) == "spec.architecture");
  CHECK(field([](ModelSpec& s) { s.context_length = -1; }) ==
        "spec.context_length");
  CHECK(field([](ModelSpec& s) { s.labels[""] = "v"; }) == "spec.labels");
  CHECK(field([](ModelSpec& s) {
          s.labels["k"].assign(limits::kMaxLabelBytes, 'v');
        }) == "spec.labels");
  CHECK(field([](ModelSpec& s) {
          for (size_t i = 0; i <= limits::kMaxLabels; ++i) {
            s.labels["k" + std::to_string(i)] = "";
          }
        }) == "spec.labels");
}

TEST_CASE("ValidatePolicy: names the field that is out of range") {
  REQUIRE(ValidatePolicy({}).ok());
  const auto field = [](auto change) {
    SwitchingPolicy policy;
    change(policy);
    return FieldOf(ValidatePolicy(policy));
  };
  using Policy = SwitchingPolicy;
  CHECK(field([](Policy& p) { p.max_concurrent_models = -1; }) ==
        "policy.max_concurrent_models");
  CHECK(field([](Policy& p) {
          p.max_concurrent_models = limits::kMaxConcurrentModels + 1;
        }) == "policy.max_concurrent_models");
  CHECK(field([](Policy& p) { p.max_concurrent_loads = 0; }) ==
        "policy.max_concurrent_loads");
  CHECK(field([](Policy& p) {
          p.max_concurrent_loads = limits::kMaxConcurrentLoads + 1;
        }) == "policy.max_concurrent_loads");
  CHECK(field([](Policy& p) { p.switching_timeout = absl::ZeroDuration(); }) ==
        "policy.switching_timeout_ms");
  CHECK(field([](Policy& p) {
          p.switching_timeout = absl::InfiniteDuration();
        }) == "policy.switching_timeout_ms");
}

TEST_CASE("ToString: every enumerator has a name of its own") {
  CHECK(ToString(ModelType::kUnspecified) == "unspecified");
  CHECK(ToString(ModelType::kCustom) == "custom");
  CHECK(ToString(Tier::kHost) == "host");
  CHECK(ToString(Priority::kCritical) == "critical");
  CHECK(ToString(LoadKind::kAnnounced) == "announced");
}

TEST_CASE("StartOf: a load that reads at least half is cold") {
  CHECK(StartOf(100, 100) == LoadStart::kCold);
  CHECK(StartOf(50, 100) == LoadStart::kCold);
  CHECK(StartOf(49, 100) == LoadStart::kWarm);
  CHECK(StartOf(0, 100) == LoadStart::kWarm);
  CHECK(StartOf(0, 0) == LoadStart::kUnknown);
  const int64_t most = std::numeric_limits<int64_t>::max();
  CHECK(StartOf(most, most) == LoadStart::kCold);
}

}  // namespace
}  // namespace warmup
