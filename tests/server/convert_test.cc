#include "server/convert.h"

#include <limits>
#include <string>

#include "absl/time/clock.h"
#include "tests/server/field_of.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

google::protobuf::Timestamp Timestamp(int64_t seconds, int nanos = 0) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(nanos);
  return timestamp;
}

google::protobuf::Duration Duration(int64_t seconds, int nanos = 0) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  duration.set_nanos(nanos);
  return duration;
}

TEST_CASE("WireText: keeps what is UTF-8, marks what is not") {
  CHECK(WireText("", 10).empty());
  const std::string good = "a\x7fü€\U0001F600";
  CHECK(WireText(good, 100) == good);
  for (const char* bad :
       {"\xff", "\x80", "\xc3", "\xc0\x80", "\xe2\x82", "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80"}) {
    const std::string text(bad);
    CHECK(WireText("<" + text + ">", 100) ==
          "<" + std::string(text.size(), '?') + ">");
  }
}

TEST_CASE("WireText: cuts between characters") {
  CHECK(WireText("12345678", 8) == "12345678");
  CHECK(WireText("123456789", 8) == "12345...");
  CHECK(WireText("1234€6789", 8) == "1234...");
  CHECK(WireText("€€€", 9) == "€€€");
  CHECK(WireText("€€€€", 9) == "€€...");
}

TEST_CASE("Convert: enums outside their range are refused by name") {
  for (const int value : {-1, 11, 1'000'000}) {
    INFO(value);
    CHECK(FieldOf(
              ReadModelType("f", static_cast<v1::ModelType>(value)).status()) ==
          "f");
    CHECK(FieldOf(ReadPriority("f", static_cast<v1::RequestPriority>(value))
                      .status()) == "f");
    v1::GetWarmupPredictionRequest request;
    request.set_mode(static_cast<v1::PredictionMode>(value));
    CHECK(FieldOf(ReadPredictionRequest(request).status()) == "mode");
  }
  for (int value = 0; value <= 10; ++value) {
    CHECK(*ReadModelType("f", static_cast<v1::ModelType>(value)) ==
          static_cast<ModelType>(value));
  }
  CHECK(*ReadPriority("f", v1::REQUEST_PRIORITY_UNSPECIFIED) ==
        Priority::kMedium);
}

TEST_CASE("Convert: times and durations outside their range are refused") {
  const WallClock wall(absl::Now());
  for (const auto& time :
       {Timestamp(-62'135'596'801), Timestamp(253'402'300'800),
        Timestamp(0, -1), Timestamp(0, 1'000'000'000),
        Timestamp(std::numeric_limits<int64_t>::max()),
        Timestamp(std::numeric_limits<int64_t>::min())}) {
    INFO(time.ShortDebugString());
    CHECK(FieldOf(wall.Read("t", time).status()) == "t");
  }
  CHECK(wall.Read("t", Timestamp(-62'135'596'800)).ok());
  CHECK(wall.Read("t", Timestamp(253'402'300'799, 999'999'999)).ok());
  for (const auto& duration :
       {Duration(315'576'000'001), Duration(-315'576'000'001),
        Duration(0, 1'000'000'000), Duration(0, -1'000'000'000),
        Duration(std::numeric_limits<int64_t>::min())}) {
    INFO(duration.ShortDebugString());
    CHECK(FieldOf(ReadDuration("d", duration).status()) == "d");
  }
  CHECK(*ReadDuration("d", Duration(-1, -500'000'000)) ==
        absl::Milliseconds(-1500));
}

TEST_CASE("Convert: times and durations come back as they went") {
  for (const absl::Time time :
       {absl::UnixEpoch(), absl::FromUnixNanos(1'700'000'000'123'456'789),
        absl::UnixEpoch() - absl::Nanoseconds(1),
        absl::UnixEpoch() - absl::Milliseconds(1500)}) {
    google::protobuf::Timestamp out;
    SetTimestamp(time, &out);
    CHECK(out.nanos() >= 0);
    CHECK(absl::FromUnixSeconds(out.seconds()) +
              absl::Nanoseconds(out.nanos()) ==
          time);
  }
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Milliseconds(1500),
        absl::Milliseconds(-1500), absl::Hours(24)}) {
    google::protobuf::Duration out;
    SetDuration(duration, &out);
    CHECK(*ReadDuration("d", out) == duration);
  }
}

TEST_CASE("WallClock: moves times by what the two clocks are apart") {
  // The core's timeline began before the wall clock was set right.
  const absl::Duration apart = absl::Hours(5);
  const WallClock wall(absl::Now() - apart);
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  const absl::Time core = *wall.Read("t", Timestamp(now));
  CHECK(absl::AbsDuration(absl::FromUnixSeconds(now) - core - apart) <
        absl::Seconds(1));
  google::protobuf::Timestamp back;
  wall.Set(core, &back);
  CHECK(back.seconds() == now);
  CHECK(back.nanos() == 0);
}

ModelView FullView() {
  ModelView view;
  view.spec = {.id = "org/model:1b",
               .type = ModelType::kRerank,
               .engine = "files",
               .source = "/models/m.gguf",
               .device = "gpu0",
               .priority = Priority::kCritical,
               .is_pinned = true,
               .size_bytes = 1,
               .peak_bytes = 2,
               .format = "gguf",
               .architecture = "llama",
               .context_length = 3,
               .labels = {{"k", "v"}},
               .revision = 4};
  view.measured = {.cold_load = {5, absl::Milliseconds(6500)},
                   .other_load = {2, absl::Seconds(3)},
                   .first_answer = {4, absl::Milliseconds(35)},
                   .memory_count = 6,
                   .steady_bytes = 7,
                   .peak_bytes = 9};
  view.cold_load = view.measured.cold_load;
  view.warm_load = {0, absl::Seconds(2)};
  view.next_load = view.cold_load;
  view.state = ModelState::kLoading;
  view.tier = Tier::kHost;
  view.held_bytes = 8;
  view.load_kind = LoadKind::kAnnounced;
  view.done_bytes = 9;
  view.total_bytes = 10;
  view.waiter_count = 11;
  view.lease_count = 12;
  view.last_used = absl::FromUnixSeconds(1'700'000'000);
  view.failures = 13;
  view.last_error = "broken";
  view.retry_at = absl::FromUnixSeconds(1'700'000'100);
  view.p_next = 0.1;
  view.p_5min = 0.2;
  view.p_1h = 0.3;
  return view;
}

TEST_CASE("SetModel: tells all that is known of a model") {
  const WallClock wall(absl::Now());
  const ModelView view = FullView();
  v1::Model model;
  SetModel(wall, view, &model);
  CHECK(model.state() == v1::MODEL_STATE_LOADING);
  CHECK(model.tier() == v1::MODEL_TIER_HOST);
  CHECK(model.held_bytes() == 8);
  CHECK(model.load_kind() == v1::LOAD_KIND_ANNOUNCED);
  CHECK(model.done_bytes() == 9);
  CHECK(model.total_bytes() == 10);
  CHECK(model.waiter_count() == 11);
  CHECK(model.lease_count() == 12);
  CHECK(*wall.Read("t", model.last_used_time()) == view.last_used);
  CHECK(model.failure_count() == 13);
  CHECK(model.last_error() == "broken");
  CHECK(*wall.Read("t", model.retry_time()) == view.retry_at);
  CHECK(model.estimated_load_time().nanos() == 500'000'000);
  CHECK(model.measured_load_count() == 5);
  CHECK(model.measured_bytes() == 7);
  const v1::LearnedCosts& learned = model.learned();
  CHECK(learned.cold_load().measured_count() == 5);
  CHECK(learned.cold_load().time().seconds() == 6);
  CHECK(learned.warm_load().measured_count() == 0);
  CHECK(learned.warm_load().time().seconds() == 2);
  CHECK(learned.other_load().measured_count() == 2);
  CHECK(learned.first_answer().measured_count() == 4);
  CHECK(learned.first_answer().time().nanos() == 35'000'000);
  CHECK(learned.steady_bytes() == 7);
  CHECK(learned.peak_bytes() == 9);
  CHECK(learned.memory_count() == 6);
  CHECK(model.probability_next() == 0.1);
  CHECK(model.probability_5min() == 0.2);
  CHECK(model.probability_1h() == 0.3);
  // The spec comes back as it went, but for what is output only.
  ModelSpec expected = view.spec;
  expected.revision = 0;
  CHECK(*ReadSpec(model.spec()) == expected);
  CHECK(model.spec().revision() == 4);
}

TEST_CASE("SetModel: leaves out what there is not") {
  ModelView view;
  view.spec.id = "m";
  v1::Model model;
  SetModel(WallClock(absl::Now()), view, &model);
  CHECK(model.state() == v1::MODEL_STATE_COLD);
  CHECK(model.tier() == v1::MODEL_TIER_COLD);
  CHECK(model.load_kind() == v1::LOAD_KIND_UNSPECIFIED);
  CHECK_FALSE(model.has_last_used_time());
  CHECK_FALSE(model.has_retry_time());
}

TEST_CASE("ReadSpec: has defaults for engine, device and priority") {
  v1::ModelSpec in;
  in.set_model_id("m");
  const ModelSpec spec = *ReadSpec(in);
  CHECK(spec.engine == "files");
  CHECK(spec.device == "host");
  CHECK(spec.priority == Priority::kMedium);
  CHECK(spec.type == ModelType::kUnspecified);
  in.set_model_type(static_cast<v1::ModelType>(99));
  CHECK(FieldOf(ReadSpec(in).status()) == "spec.model_type");
  in.set_model_type(v1::MODEL_TYPE_CHAT);
  in.set_priority(static_cast<v1::RequestPriority>(99));
  CHECK(FieldOf(ReadSpec(in).status()) == "spec.priority");
}

TEST_CASE("Convert: a policy comes back as it went; zero is the default") {
  const SwitchingPolicy policy{.max_concurrent_models = 3,
                               .switching_timeout = absl::Seconds(7),
                               .resource_aware_switching = false,
                               .predictive_preloading = false,
                               .max_concurrent_loads = 4,
                               .memory_price = 0.1};
  v1::SwitchingPolicy out;
  SetPolicy(policy, &out);
  CHECK(out.switching_timeout_ms() == 7000);
  CHECK(*ReadPolicy(out) == policy);
  const SwitchingPolicy zero = *ReadPolicy(v1::SwitchingPolicy());
  CHECK(zero.switching_timeout == absl::Minutes(5));
  CHECK(zero.max_concurrent_loads == 1);
  CHECK_FALSE(zero.predictive_preloading);
}

TEST_CASE("ReadPageSize: zero is the default, beyond the bounds is refused") {
  CHECK(*ReadPageSize("page_size", 0) == 100);
  CHECK(*ReadPageSize("page_size", 1) == 1);
  CHECK(*ReadPageSize("page_size", 1000) == 1000);
  CHECK(FieldOf(ReadPageSize("page_size", -1).status()) == "page_size");
  CHECK(FieldOf(ReadPageSize("page_size", 1001).status()) == "page_size");
}

TEST_CASE("Convert: a session comes back as it went") {
  const WallClock wall(absl::Now());
  const Session session{.id = "s",
                        .user = "ada",
                        .client = "vscode 1.95",
                        .workspace = "w",
                        .language = "rust",
                        .roles = {{"chat", "m"}},
                        .lease = absl::Milliseconds(1500),
                        .started_at = absl::FromUnixSeconds(1'700'000'000),
                        .expires_at = absl::FromUnixSeconds(1'700'000'060)};
  v1::WarmupSession out;
  SetSession(wall, session, &out);
  CHECK(*wall.Read("t", out.start_time()) == session.started_at);
  CHECK(*wall.Read("t", out.expire_time()) == session.expires_at);
  Session read = *ReadSession(out);
  read.started_at = session.started_at;  // output only
  read.expires_at = session.expires_at;
  CHECK(read == session);
  *out.mutable_lease() = Duration(0, 2'000'000'000);
  CHECK(FieldOf(ReadSession(out).status()) == "session.lease");
}

TEST_CASE("SetPrediction: numbers for people, in the units of the API") {
  Prediction prediction;
  PredictedModel model;
  model.forecast = {.model = "m",
                    .p_next = 0.1,
                    .p_5min = 0.2,
                    .p_1h = 0.3,
                    .expected_until_use = absl::Seconds(90),
                    .reasons = {"why"}};
  model.model = FullView();
  model.estimated_warmup = absl::Milliseconds(1500);
  model.memory_bytes = 3 << 20;
  PredictedModel unseen;
  unseen.forecast.model = "unseen";
  unseen.forecast.expected_until_use = absl::InfiniteDuration();
  unseen.memory_bytes = 1 << 20;
  prediction.models = {model, unseen};
  prediction.confidence = 0.3;
  prediction.estimated_warmup = absl::Milliseconds(1500);
  prediction.memory_bytes = {{"gpu0", 3 << 20}, {"host", 1 << 20}};
  v1::GetWarmupPredictionRequest request;
  request.set_acceptable_latency_ms(1000);
  v1::GetWarmupPredictionResponse out;
  SetPrediction(request, prediction, &out);
  CHECK(out.confidence_score() == 0.3);
  CHECK(out.estimated_warmup_time_ms() == 1500);
  CHECK(out.resource_requirements().memory_mb() == 4);
  CHECK(out.resource_requirements().gpu_memory_mb() == 3);
  CHECK(out.resource_requirements().memory_mb_by_device().at("host") == 1);
  REQUIRE(out.predicted_models_size() == 2);
  const v1::PredictedModel& first = out.predicted_models(0);
  CHECK(first.model_id() == "m");
  CHECK(first.model_type() == v1::MODEL_TYPE_RERANK);
  CHECK(first.priority() == v1::REQUEST_PRIORITY_CRITICAL);
  CHECK(first.tier() == v1::MODEL_TIER_HOST);
  CHECK(first.state() == v1::MODEL_STATE_LOADING);
  CHECK(first.expected_seconds_until_use() == 90);
  CHECK(first.estimated_warmup_time_ms() == 1500);
  CHECK(first.reasons(0) == "why");
  CHECK(first.resource_requirements().gpu_memory_mb() == 3);
  CHECK_FALSE(first.meets_acceptable_latency());
  CHECK_FALSE(out.predicted_models(1).has_expected_seconds_until_use());
  CHECK(out.predicted_models(1).meets_acceptable_latency());
}

}  // namespace
}  // namespace warmup
