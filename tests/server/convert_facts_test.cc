// What clients ask and report, as far as its form goes.

#include <functional>
#include <limits>
#include <string>

#include "absl/time/clock.h"
#include "core/base/limits.h"
#include "server/convert.h"
#include "tests/server/field_of.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("ReadPredictionRequest: refuses numbers that cannot be") {
  using Request = v1::GetWarmupPredictionRequest;
  const auto field = [](const std::function<void(Request&)>& spoil) {
    Request request;
    spoil(request);
    return FieldOf(ReadPredictionRequest(request).status());
  };
  for (const double complexity :
       {kNan, -kNan, -0.001, 1.001, std::numeric_limits<double>::infinity()}) {
    CHECK(field([&](Request& r) { r.set_complexity(complexity); }) ==
          "complexity");
  }
  CHECK(field([](Request& r) { r.set_input_length(-1); }) == "input_length");
  CHECK(field([](Request& r) { r.set_max_models(-1); }) == "max_models");
  CHECK(field([](Request& r) { r.set_task(static_cast<v1::ModelType>(11)); }) ==
        "task");
  CHECK(field([](Request& r) {
          r.set_priority(static_cast<v1::RequestPriority>(5));
        }) == "priority");
  CHECK(field([](Request& r) {
          r.mutable_project_context()->set_file_count(-1);
        }) == "project_context.file_count");
  CHECK(field([](Request& r) {
          r.mutable_project_context()->set_language(std::string(257, 'x'));
        }) == "project_context.language");
  CHECK(field([](Request& r) {
          r.mutable_user_context()->set_user_id("two words");
        }) == "user_context.user_id");
}

TEST_CASE("ReadPredictionRequest: reads what counts, has defaults") {
  v1::GetWarmupPredictionRequest in;
  PredictionRequest request = *ReadPredictionRequest(in);
  CHECK(request.max_models == 5);
  CHECK_FALSE(request.warm);
  CHECK(request.task == ModelType::kUnspecified);
  in.set_task(v1::MODEL_TYPE_CHAT);
  in.set_complexity(1);
  in.set_max_models(7);
  in.set_session_id("s");
  in.set_preferred_hardware("gpu0");
  in.mutable_user_context()->set_user_id("ada");
  in.set_mode(v1::PREDICTION_MODE_PREDICT_AND_WARM);
  request = *ReadPredictionRequest(in);
  CHECK(request.max_models == 7);
  CHECK(request.warm);
  CHECK(request.task == ModelType::kChat);
  CHECK(request.session == "s");
  CHECK(request.user == "ada");
  CHECK(request.preferred_device == "gpu0");
}

TEST_CASE("ReadActivity: an activity announces a role or a model, not both") {
  const WallClock wall(absl::Now());
  v1::Activity in;
  in.set_kind("typing");
  CHECK(ReadActivity(wall, "a", in)->at == absl::InfinitePast());
  in.set_role("chat");
  in.set_model_id("m");
  CHECK(FieldOf(ReadActivity(wall, "activities[3]", in).status()) ==
        "activities[3].role");
  in.clear_role();
  in.set_user_id("two words");
  CHECK(FieldOf(ReadActivity(wall, "a", in).status()) == "a.user_id");
  in.set_user_id("ada");
  in.mutable_timestamp()->set_nanos(-1);
  CHECK(FieldOf(ReadActivity(wall, "a", in).status()) == "a.timestamp");
}

TEST_CASE("ReadUsage: needs a model; its ids are identifiers") {
  const WallClock wall(absl::Now());
  v1::Usage in;
  CHECK(FieldOf(ReadUsage(wall, "usages[0]", in).status()) ==
        "usages[0].model_id");
  in.set_model_id("m");
  CHECK(ReadUsage(wall, "u", in).ok());
  in.set_usage_id(std::string(257, 'x'));
  CHECK(FieldOf(ReadUsage(wall, "u", in).status()) == "u.usage_id");
  in.set_usage_id("1");
  in.set_user_id("\x01");
  CHECK(FieldOf(ReadUsage(wall, "u", in).status()) == "u.user_id");
  in.clear_user_id();
  in.mutable_timestamp()->set_seconds(253'402'300'800);
  CHECK(FieldOf(ReadUsage(wall, "u", in).status()) == "u.timestamp");
}

TEST_CASE("ReadUsage: a first answer may be told, in milliseconds") {
  const WallClock wall(absl::Now());
  v1::Usage in;
  in.set_model_id("m");
  CHECK_FALSE(ReadUsage(wall, "u", in)->first_answer.has_value());
  in.set_first_answer_ms(0);
  CHECK(ReadUsage(wall, "u", in)->first_answer == absl::ZeroDuration());
  in.set_first_answer_ms(12.5);
  CHECK(ReadUsage(wall, "u", in)->first_answer == absl::Microseconds(12'500));
  in.set_first_answer_ms(kNan);
  CHECK(FieldOf(ReadUsage(wall, "u", in).status()) == "u.first_answer_ms");
}

TEST_CASE("SetMetrics: tells what each engine is and was asked") {
  const WallClock wall(absl::Now());
  Status status;
  status.totals.usages = 5;
  status.totals.usages_seen = 2;
  EngineStatus& engine = status.engines.emplace_back();
  engine.info = {.id = "big", .kind = "ollama"};
  engine.since = absl::InfinitePast();
  engine.models = 3;
  engine.models_ready = 1;
  engine.totals = {.looks = 10,
                   .looks_failed = 4,
                   .looking = absl::Milliseconds(250),
                   .loads_failed = 6};
  v1::GetWarmupMetricsResponse out;
  SetMetrics(wall, status, &out);
  CHECK(out.usage_count() == 5);
  CHECK(out.seen_usage_count() == 2);
  REQUIRE(out.engines_size() == 1);
  CHECK(out.engines(0).engine_id() == "big");
  CHECK(out.engines(0).kind() == "ollama");
  CHECK_FALSE(out.engines(0).is_available());  // not looked at yet
  CHECK_FALSE(out.engines(0).has_since());
  CHECK(out.engines(0).model_count() == 3);
  CHECK(out.engines(0).ready_model_count() == 1);
  CHECK(out.engines(0).look_count() == 10);
  CHECK(out.engines(0).failed_look_count() == 4);
  CHECK(out.engines(0).look_seconds() == 0.25);
  CHECK(out.engines(0).failed_load_count() == 6);
  engine.since = absl::UnixEpoch();
  engine.health = absl::UnavailableError("not \xff there");
  out.Clear();
  SetMetrics(wall, status, &out);
  CHECK_FALSE(out.engines(0).is_available());
  CHECK(out.engines(0).error() == "not ? there");
  CHECK(*wall.Read("t", out.engines(0).since()) == engine.since);
  engine.health = absl::OkStatus();
  out.Clear();
  SetMetrics(wall, status, &out);
  CHECK(out.engines(0).is_available());
}

TEST_CASE("SetQuality: rates of nothing are not set") {
  v1::GetPredictionQualityResponse out;
  SetQuality(Status(), &out);
  REQUIRE(out.horizons_size() == 6);
  CHECK(out.horizons(0).name() == "next");
  CHECK(out.horizons(0).horizon_seconds() == 0);
  CHECK(out.horizons(0).horizon_uses() == 1);
  CHECK(out.horizons(2).name() == "5min");
  CHECK(out.horizons(2).horizon_seconds() == 300);
  CHECK(out.horizons(5).horizon_seconds() == 86'400);
  for (const v1::HorizonQuality& horizon : out.horizons()) {
    CHECK(horizon.case_count() == 0);
    CHECK_FALSE(horizon.has_brier_score());
    CHECK_FALSE(horizon.has_log_loss());
    CHECK_FALSE(horizon.has_calibration_error());
    CHECK(horizon.reliability().empty());
  }
  CHECK(out.has_switch_hits());
  CHECK_FALSE(out.hits().has_top1_rate());
  CHECK_FALSE(out.hits().has_top3_rate());
  CHECK_FALSE(out.warmups().has_precision());
  CHECK_FALSE(out.warmups().has_recall());
  CHECK_FALSE(out.warmups().has_false_positive_rate());
  CHECK_FALSE(out.warmups().has_mean_lead_seconds());
  CHECK_FALSE(out.warmups().has_median_lead_seconds());
}

TEST_CASE("SetQuality: sums become means and rates") {
  Status status;
  auto& head = status.quality.heads[foresight::kFiveMinutes];
  head.cases = 8;
  head.brier = 2;
  head.log_loss = 4;
  head.bins[1] = {.cases = 6, .forecast = 0.6, .outcome = 1.5};
  head.bins[19] = {.cases = 2, .forecast = 1.9, .outcome = 2};
  status.quality.warmups = {.used = 6,
                            .late = 2,
                            .unused = 2,
                            .missed = 12,
                            .idle_uses = 6,
                            .lead = absl::Seconds(100),
                            .median_lead = absl::Seconds(20)};
  status.totals.wasted_bytes = 4096;
  v1::GetPredictionQualityResponse out;
  SetQuality(status, &out);
  const v1::HorizonQuality& horizon = out.horizons(2);
  CHECK(horizon.case_count() == 8);
  CHECK(horizon.brier_score() == 0.25);
  CHECK(horizon.log_loss() == 0.5);
  CHECK(horizon.calibration_error() == Approx(1.0 / 8));
  REQUIRE(horizon.reliability_size() == 2);
  CHECK(horizon.reliability(0).mean_forecast() == Approx(0.1));
  CHECK(horizon.reliability(0).mean_outcome() == 0.25);
  CHECK(horizon.reliability(0).case_count() == 6);
  CHECK(horizon.reliability(1).mean_outcome() == 1);
  const v1::WarmupQuality& warmups = out.warmups();
  CHECK(warmups.used_count() == 6);
  CHECK(warmups.late_count() == 2);
  CHECK(warmups.unused_count() == 2);
  CHECK(warmups.missed_count() == 12);
  CHECK(warmups.idle_use_count() == 6);
  CHECK(warmups.precision() == 0.75);
  CHECK(warmups.recall() == 0.25);
  CHECK(warmups.false_positive_rate() == 0.25);
  CHECK(warmups.lead_seconds() == 100);
  CHECK(warmups.mean_lead_seconds() == 25);
  CHECK(warmups.median_lead_seconds() == 20);
  CHECK(warmups.wasted_bytes() == 4096);
}

TEST_CASE("SetMetrics: tells what was waited, and would have been") {
  Status status;
  status.waits.today = {absl::Seconds(1), absl::Seconds(2), absl::Seconds(3)};
  status.waits.last_7_days.lru = absl::Milliseconds(4'500);
  status.waits.since_start.ollama_default = absl::Hours(1);
  v1::GetWarmupMetricsResponse out;
  SetMetrics(WallClock(absl::Now()), status, &out);
  REQUIRE(out.waits_size() == 3);
  CHECK(out.waits(0).window() == v1::WAIT_WINDOW_TODAY);
  CHECK(out.waits(0).waited_seconds() == 1);
  CHECK(out.waits(0).lru_waited_seconds() == 2);
  CHECK(out.waits(0).ollama_default_waited_seconds() == 3);
  CHECK(out.waits(1).window() == v1::WAIT_WINDOW_LAST_7_DAYS);
  CHECK(out.waits(1).lru_waited_seconds() == 4.5);
  CHECK(out.waits(2).window() == v1::WAIT_WINDOW_SINCE_START);
  CHECK(out.waits(2).waited_seconds() == 0);
  CHECK(out.waits(2).ollama_default_waited_seconds() == 3'600);
}

TEST_CASE("ReadEvent: refuses what is no event, by field") {
  v1::Event good;
  good.set_event_type("t");
  good.set_source("s");
  CHECK(ReadEvent(good)->data_json == "{}");
  const auto field = [&](const std::function<void(v1::Event&)>& spoil) {
    v1::Event event = good;
    spoil(event);
    return FieldOf(ReadEvent(event).status());
  };
  using E = v1::Event;
  CHECK(field([](E& e) { e.clear_event_type(); }) == "event.event_type");
  CHECK(field([](E& e) { e.clear_source(); }) == "event.source");
  CHECK(field([](E& e) { e.set_source("warmupd"); }) == "event.source");
  CHECK(field([](E& e) { e.set_event_id("a b"); }) == "event.event_id");
  for (const char* json : {"{", "{}{}", "nul", "NaN", "\"\xff\"", "{'a':1}"}) {
    INFO(json);
    CHECK(field([&](E& e) { e.set_data_json(json); }) == "event.data_json");
  }
  CHECK(field([](E& e) {
          e.set_data_json('"' + std::string(limits::kMaxEventBytes, 'x') + '"');
        }) == "event.data_json");
  CHECK(field([](E& e) {
          for (int i = 0; i <= 64; ++i) {
            (*e.mutable_metadata())[std::to_string(i)] = "";
          }
        }) == "event.metadata");
  for (const char* json : {"null", "[1]", " {\"a\": \"grün\"} ", "1e5"}) {
    good.set_data_json(json);
    CHECK(ReadEvent(good)->data_json == json);
  }
  good.set_data_json(std::string(60'000, '['));
  CHECK_FALSE(ReadEvent(good).ok());
}

TEST_CASE("ReadFilter: at most 64 of each, and none of them empty") {
  v1::EventFilter in;
  for (int i = 0; i < 64; ++i) in.add_event_types("t*");
  in.add_sources("s");
  const EventFilter filter = *ReadFilter(in);
  CHECK(filter.types.size() == 64);
  CHECK(filter.sources.size() == 1);
  in.add_event_types("t");
  CHECK(FieldOf(ReadFilter(in).status()) == "filter.event_types");
  in.clear_event_types();
  in.add_sources("");
  CHECK(FieldOf(ReadFilter(in).status()) == "filter.sources");
}

}  // namespace
}  // namespace warmup
