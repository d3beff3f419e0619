// What the fake daemon answers.
#include <google/protobuf/util/json_util.h>

#include <stdexcept>

#include "google/rpc/error_details.pb.h"
#include "tests/cli/fake_daemon.h"

namespace warmup::cli {
namespace {

template <class Message>
Message FromJson(const std::string& json) {
  Message message;
  const auto status =
      google::protobuf::util::JsonStringToMessage(json, &message);
  if (!status.ok()) throw std::logic_error(status.ToString());
  return message;
}

}  // namespace

std::vector<v1::Model> FakeModels() {
  const auto all = FromJson<v1::ListModelsResponse>(R"({"models": [
    {"spec": {"model_id": "coder:1.5b", "model_type": "MODEL_TYPE_COMPLETION",
              "engine": "files", "source": "/models/coder.gguf",
              "device": "host", "priority": "REQUEST_PRIORITY_HIGH",
              "is_pinned": true, "size_bytes": "1073741824",
              "peak_bytes": "1288490188", "format": "gguf",
              "architecture": "qwen2", "context_length": "32768",
              "labels": {"team": "tools"}, "revision": "3"},
     "state": "MODEL_STATE_READY", "tier": "MODEL_TIER_READY",
     "held_bytes": "1127428915", "lease_count": 1,
     "last_used_time": "2024-05-01T10:00:00Z",
     "estimated_load_time": "1.240s", "measured_load_count": 3,
     "measured_bytes": "1127428915", "probability_next": 0.42,
     "probability_5min": 0.71, "probability_1h": 0.999,
     "learned": {"cold_load": {"time": "1.240s", "measured_count": 3},
                 "warm_load": {"time": "0.25s", "measured_count": 1},
                 "first_answer": {"time": "0.035s", "measured_count": 40},
                 "steady_bytes": "1127428915", "peak_bytes": "1181116006",
                 "memory_count": 4}},
    {"spec": {"model_id": "embed", "model_type": "MODEL_TYPE_EMBEDDING",
              "engine": "files", "device": "host", "size_bytes": "268435456",
              "revision": "1"},
     "state": "MODEL_STATE_COLD", "tier": "MODEL_TIER_HOST",
     "estimated_load_time": "0.1s",
     "learned": {"cold_load": {"time": "0.3s"}, "warm_load": {"time": "0.1s"}}},
    {"spec": {"model_id": "llama3.1:8b", "model_type": "MODEL_TYPE_CHAT",
              "engine": "files", "device": "host", "size_bytes": "4831838208",
              "revision": "1"},
     "state": "MODEL_STATE_LOADING", "tier": "MODEL_TIER_HOST",
     "held_bytes": "4831838208", "load_kind": "LOAD_KIND_SPECULATIVE",
     "done_bytes": "1207959552", "total_bytes": "4831838208",
     "waiter_count": 2, "estimated_load_time": "5s",
     "learned": {"cold_load": {"time": "5s"}, "warm_load": {"time": "5s"}},
     "probability_next": 0.2,
     "probability_5min": 0.5, "probability_1h": 0.8},
    {"spec": {"model_id": "mistral", "model_type": "MODEL_TYPE_CHAT",
              "engine": "files", "device": "host", "revision": "1"},
     "state": "MODEL_STATE_FAILED", "tier": "MODEL_TIER_COLD",
     "failure_count": 2, "last_error": "mistral.gguf: it has vanished",
     "retry_time": "2024-05-01T10:00:05Z"}]})");
  return {all.models().begin(), all.models().end()};
}

v1::GetWarmupMetricsResponse FakeMetrics() {
  return FromJson<v1::GetWarmupMetricsResponse>(R"({
    "uptime_seconds": 7384.25,
    "demands": {"warm_count": 80, "late_count": 15, "cold_count": 5,
                "failed_count": 2, "waited_seconds": 12.24},
    "loads": {"demand_count": 5, "announced_count": 6, "speculative_count": 7,
              "ready_count": 15, "failed_count": 2, "cancelled_count": 1,
              "eviction_count": 4, "read_bytes": 1073741824,
              "wasted_bytes": 104857600},
    "devices": [{"device": "host", "budget_bytes": 8589934592,
                 "used_bytes": 5905580032, "reserve_bytes": 429496729,
                 "measured_total_bytes": 17179869184,
                 "measured_free_bytes": 6442450944}],
    "model_count": 4, "ready_model_count": 1, "loading_model_count": 1,
    "session_count": 1, "waiter_count": 2, "prediction_count": 1234,
    "usage_count": 100, "activity_count": 1, "is_store_healthy": true,
    "seen_usage_count": 30,
    "engines": [{"engine_id": "files", "kind": "files", "is_available": true,
                 "since": "2024-05-01T09:00:00Z", "model_count": 4,
                 "ready_model_count": 1, "look_count": 200,
                 "look_seconds": 0.05},
                {"engine_id": "lm-studio", "kind": "lm-studio",
                 "error": "nobody answers", "since": "2024-05-01T09:00:00Z",
                 "look_count": 9, "failed_look_count": 9},
                {"engine_id": "ollama", "kind": "ollama",
                 "error": "nobody answers", "since": "2024-05-01T09:57:07Z",
                 "model_count": 2, "look_count": 10, "failed_look_count": 9,
                 "look_seconds": 0.02, "failed_load_count": 1}],
    "waits": [{"window": "WAIT_WINDOW_TODAY"},
              {"window": "WAIT_WINDOW_LAST_7_DAYS", "waited_seconds": 12,
               "lru_waited_seconds": 31, "ollama_default_waited_seconds": 44},
              {"window": "WAIT_WINDOW_SINCE_START", "waited_seconds": 45,
               "lru_waited_seconds": 30,
               "ollama_default_waited_seconds": 90}]})");
}

v1::GetPredictionQualityResponse FakeQuality() {
  return FromJson<v1::GetPredictionQualityResponse>(R"({
    "horizons": [
      {"name": "next", "horizon_uses": 1, "case_count": 14200,
       "brier_score": 0.00504, "log_loss": 0.0209,
       "calibration_error": 0.0005,
       "reliability": [{"mean_forecast": 0.001, "mean_outcome": 0.001,
                        "case_count": 14200}]},
      {"name": "5min", "horizon_seconds": 300, "case_count": 1580,
       "brier_score": 0.0026, "log_loss": 0.0103, "calibration_error": 0.0123,
       "reliability": [
         {"mean_forecast": 0.01, "mean_outcome": 0, "case_count": 1200},
         {"mean_forecast": 0.3, "mean_outcome": 0.3, "case_count": 200},
         {"mean_forecast": 0.5, "mean_outcome": 0.8, "case_count": 19.5},
         {"mean_forecast": 0.96, "mean_outcome": 1, "case_count": 160.5}]},
      {"name": "24h", "horizon_seconds": 86400}],
    "hits": {"use_count": 200, "top1_count": 122, "top3_count": 176,
             "top1_rate": 0.61, "top3_rate": 0.88},
    "switch_hits": {"use_count": 50, "top1_count": 20, "top3_count": 40,
                    "top1_rate": 0.4, "top3_rate": 0.8},
    "after_idle_hits": {},
    "warmups": {"used_count": 10, "late_count": 2, "unused_count": 5,
                "missed_count": 12, "idle_use_count": 95, "precision": 0.667,
                "recall": 0.4, "false_positive_rate": 0.05,
                "lead_seconds": 680, "mean_lead_seconds": 85,
                "median_lead_seconds": 40.5, "wasted_bytes": 104857600}})");
}

std::vector<v1::Event> FakeEvents() {
  const auto all = FromJson<v1::GetRecentEventsResponse>(R"({"events": [
    {"event_type": "model_ready", "event_id": "e1", "source": "warmupd",
     "timestamp": "2024-05-01T10:00:00Z", "sequence": "41",
     "data_json": "{\"model_id\":\"coder:1.5b\"}"},
    {"event_type": "build_finished", "event_id": "e2", "source": "ci",
     "timestamp": "2024-05-01T10:00:01Z", "sequence": "42",
     "data_json": "{}", "metadata": {"note": "evil \u001b[31m text"}}]})");
  return {all.events().begin(), all.events().end()};
}

std::vector<v1::ExportUsageResponse> FakeUsage() {
  return {FromJson<v1::ExportUsageResponse>(R"({"records": [
    {"record_type": "USAGE_RECORD_TYPE_SESSION", "user_id": "ann, \"a\"",
     "timestamp": "2024-05-01T10:00:00Z", "model_id": "coder:1.5b"},
    {"record_type": "USAGE_RECORD_TYPE_USE", "user_id": "ann, \"a\"",
     "timestamp": "2024-05-01T10:00:01.123456789Z",
     "model_id": "coder:1.5b"},
    {"record_type": "USAGE_RECORD_TYPE_ACTIVITY", "activity_kind": "typing",
     "timestamp": "2024-05-01T10:00:02Z"},
    {"record_type": "USAGE_RECORD_TYPE_USE", "model_id": "gone",
     "timestamp": "2024-05-01T10:00:02Z"}]})"),
          FromJson<v1::ExportUsageResponse>(R"({"records": [
    {"record_type": "USAGE_RECORD_TYPE_HINT", "model_id": "gone",
     "timestamp": "2024-05-01T10:00:02Z", "user_id": "bob"},
    {"record_type": "USAGE_RECORD_TYPE_ACTIVITY",
     "activity_kind": "hint:of_nothing", "timestamp": "2024-05-01T10:00:03Z"},
    {"record_type": "USAGE_RECORD_TYPE_USE", "model_id": "gone",
     "timestamp": "2024-05-01T10:00:03Z", "user_id": "bob"},
    {"record_type": "USAGE_RECORD_TYPE_USE", "model_id": "coder:1.5b",
     "timestamp": "2024-05-01T10:00:04Z", "user_id": "bob"}]})")};
}

grpc::Status FakeError(grpc::StatusCode code, const std::string& message,
                       const std::string& reason,
                       const std::map<std::string, std::string>& metadata,
                       int retry_ms) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("warmupd");
  info.mutable_metadata()->insert(metadata.begin(), metadata.end());
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(info);
  if (retry_ms > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(retry_ms % 1000 * 1000000);
    status.add_details()->PackFrom(retry);
  }
  return grpc::Status(code, message, status.SerializeAsString());
}

}  // namespace warmup::cli
