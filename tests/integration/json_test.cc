// The JSON form of the guide's four commands (protobuf JSON with the proto's
// field names), as a frontend's TypeScript interfaces read it.

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

using nlohmann::json;

json ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  REQUIRE(google::protobuf::util::MessageToJsonString(message, &text, options)
              .ok());
  INFO(text);
  const json parsed = json::parse(text, nullptr, false);
  REQUIRE(parsed.is_object());
  return parsed;
}

// What the guide types as `number` must be one: protobuf prints 64-bit integers
// as strings.
void CheckNumbers(const json& object, const std::vector<const char*>& fields) {
  for (const char* field : fields) {
    INFO(field);
    REQUIRE(object.contains(field));
    CHECK(object[field].is_number());
  }
}

void CheckResources(const json& object) {
  CheckNumbers(object, {"memory_mb", "gpu_memory_mb"});
  for (const auto& [device, memory] : object["memory_mb_by_device"].items()) {
    CHECK(memory.is_number());
  }
}

// No field anywhere is a number written as a string.
void CheckNoNumberIsText(const json& value, const std::string& path) {
  INFO(path);
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    CHECK_FALSE((!text.empty() &&
                 text.find_first_not_of("0123456789.-") == std::string::npos));
  }
  if (!value.is_structured()) return;
  for (const auto& [key, inner] : value.items()) {
    CheckNoNumberIsText(inner, path + "/" + key);
  }
}

TEST_CASE("JSON: a prediction is what interface WarmupPrediction says") {
  ServedDaemon served;
  served.Register("m", 3 * kMib);
  served.client
      .Ask(&Warmup::StartWarmupSession,
           "session { session_id: 's' roles { key: 'chat' value: 'm' } }")
      .Must();
  served.client.Ask(&Warmup::RecordUsage, "usages { model_id: 'm' }").Must();
  const json prediction =
      ToJson(served.client
                 .Ask(&Warmup::GetWarmupPrediction,
                      "task: MODEL_TYPE_CHAT session_id: 's' input_length: 100 "
                      "complexity: 0.5 priority: REQUEST_PRIORITY_HIGH "
                      "acceptable_latency_ms: 500 preferred_hardware: 'host' "
                      "user_context { user_id: 'ada' } "
                      "project_context { language: 'rust' file_count: 7 } "
                      "mode: PREDICTION_MODE_PREDICT_AND_WARM")
                 .Must());
  CheckNoNumberIsText(prediction, "");
  CheckNumbers(prediction, {"confidence_score", "estimated_warmup_time_ms"});
  CheckResources(prediction["resource_requirements"]);
  REQUIRE(prediction["predicted_models"].is_array());
  REQUIRE(prediction["predicted_models"].size() == 1);
  const json& model = prediction["predicted_models"][0];
  CHECK(model["model_id"] == "m");
  CHECK(model["model_type"] == "MODEL_TYPE_UNSPECIFIED");
  CHECK(model["priority"] == "REQUEST_PRIORITY_MEDIUM");
  CHECK(model["tier"].is_string());
  CHECK(model["state"].is_string());
  CHECK(model["reasons"].is_array());
  CHECK(model["meets_acceptable_latency"].is_boolean());
  CheckNumbers(model,
               {"probability_next", "probability_5min", "probability_1h",
                "expected_seconds_until_use", "estimated_warmup_time_ms"});
  CheckResources(model["resource_requirements"]);
}

TEST_CASE("JSON: a prediction of nothing has all its fields") {
  ServedDaemon served;
  const json prediction =
      ToJson(served.client.Ask(&Warmup::GetWarmupPrediction).Must());
  CHECK(prediction["predicted_models"] == json::array());
  CheckNumbers(prediction, {"confidence_score", "estimated_warmup_time_ms"});
  CheckResources(prediction["resource_requirements"]);
}

TEST_CASE("JSON: a session is started and stopped") {
  ServedDaemon served;
  served.Register("m");
  // As a frontend would write the request.
  v1::StartWarmupSessionRequest request;
  REQUIRE(google::protobuf::util::JsonStringToMessage(
              R"({"session": {"session_id": "s", "user_id": "ada",
                  "lease": "90s", "roles": {"chat": "m"}}})",
              &request)
              .ok());
  const json started =
      ToJson(served.client.Ask(&Warmup::StartWarmupSession, request).Must());
  CHECK(started["is_durable"] == true);
  CHECK(started["session"]["session_id"] == "s");
  CHECK(started["session"]["lease"] == "90s");
  CHECK(started["session"]["roles"]["chat"] == "m");
  CHECK_THAT(started["session"]["expire_time"].get<std::string>(),
             Catch::EndsWith("Z"));
  const json stopped = ToJson(
      served.client.Ask(&Warmup::StopWarmupSession, "session_id: 's'").Must());
  CHECK(stopped["session"]["session_id"] == "s");
  CHECK(stopped["is_durable"] == true);
}

TEST_CASE("JSON: metrics are numbers, all of them") {
  ServedDaemon served;
  served.Register("m");
  served.Load("m").Must();
  const json metrics = ToJson(served.Metrics());
  CheckNoNumberIsText(metrics, "");
  CheckNumbers(metrics, {"uptime_seconds", "model_count", "ready_model_count",
                         "loading_model_count", "session_count", "waiter_count",
                         "prediction_count", "usage_count", "activity_count"});
  CheckNumbers(metrics["demands"], {"warm_count", "late_count", "cold_count",
                                    "failed_count", "waited_seconds"});
  CheckNumbers(metrics["loads"],
               {"demand_count", "announced_count", "speculative_count",
                "ready_count", "failed_count", "cancelled_count",
                "eviction_count", "read_bytes", "wasted_bytes"});
  REQUIRE(metrics["devices"].size() == 1);
  CHECK(metrics["devices"][0]["device"] == "host");
  CheckNumbers(metrics["devices"][0],
               {"budget_bytes", "used_bytes", "reserve_bytes",
                "measured_total_bytes", "measured_free_bytes"});
  CHECK(metrics["is_store_healthy"] == true);
  CHECK(metrics["loads"]["ready_count"] == 1);
  CHECK(metrics["ready_model_count"] == 1);
}

}  // namespace
}  // namespace warmup
