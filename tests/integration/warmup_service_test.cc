// warmup.v1.WarmupService of a real daemon: sessions, facts, predictions.

#include <string>

#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

using grpc::StatusCode;

v1::WarmupSession StartSession(ServedDaemon& served,
                               const std::string& session) {
  return served.client
      .Ask(&Warmup::StartWarmupSession, "session { " + session + " }")
      .Must()
      .session();
}

// A time, so many seconds from now.
google::protobuf::Timestamp FromNow(int64_t seconds) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(absl::Now()) + seconds);
  return timestamp;
}

TEST_CASE("StartWarmupSession: opens one, with defaults for what is not said") {
  ServedDaemon served;
  const auto answer = served.client.Ask(&Warmup::StartWarmupSession).Must();
  CHECK(answer.is_durable());
  const v1::WarmupSession& session = answer.session();
  CHECK_FALSE(session.session_id().empty());
  CHECK(session.lease().seconds() == 60);
  CHECK(session.expire_time().seconds() - session.start_time().seconds() == 60);
  CHECK(
      absl::AbsDuration(absl::FromUnixSeconds(session.start_time().seconds()) -
                        absl::Now()) < absl::Seconds(30));
  CHECK(StartSession(served, "").session_id() != session.session_id());
  CHECK(served.Metrics().session_count() == 2);
}

TEST_CASE("StartWarmupSession: what is wrong is named, and nothing is opened") {
  ServedDaemon served;
  served.Register("m");
  const auto status = [&](const std::string& session) {
    return served.client
        .Ask(&Warmup::StartWarmupSession, "session { " + session + " }")
        .status;
  };
  CheckInvalid(status("session_id: 'two words'"), "session.session_id");
  const std::string long_text = "'" + std::string(257, 'x') + "'";
  CheckInvalid(status("session_id: " + long_text), "session.session_id");
  CheckInvalid(status("user_id: " + long_text), "session.user_id");
  CheckInvalid(status("client: " + long_text), "session.client");
  CheckInvalid(status("workspace: " + long_text), "session.workspace");
  CheckInvalid(status("language: " + long_text), "session.language");
  for (const char* lease : {"nanos: 999999999", "seconds: 86401", "seconds: -1",
                            "seconds: 1 nanos: -1"}) {
    INFO(lease);
    CheckInvalid(status(std::string("lease { ") + lease + " }"),
                 "session.lease");
  }
  CheckError(status("roles { key: 'chat' value: 'nobody' }"),
             StatusCode::NOT_FOUND, "MODEL_NOT_FOUND", {{"model", "nobody"}});
  CheckInvalid(status("roles { key: 'two words' value: 'm' }"), "roles");
  std::string roles;
  for (int i = 0; i <= 64; ++i) {
    roles += "roles { key: 'r" + std::to_string(i) + "' value: 'm' }";
  }
  CheckInvalid(status(roles), "session.roles");
  CHECK(served.Metrics().session_count() == 0);
  StartSession(served, "session_id: 's' user_id: 'ada'");
  CheckError(status("session_id: 's' user_id: 'bob'"),
             StatusCode::ALREADY_EXISTS, "SESSION_EXISTS", {{"session", "s"}});
  const auto sessions =
      served.client.Ask(&Warmup::ListWarmupSessions).Must().sessions();
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].user_id() == "ada");
}

TEST_CASE("KeepAliveWarmupSession: renews the lease, replaces roles if given") {
  ServedDaemon served;
  served.Register("a");
  served.Register("b");
  const v1::WarmupSession session =
      StartSession(served,
                   "session_id: 's' lease { seconds: 3600 } "
                   "roles { key: 'chat' value: 'a' }");
  const auto keep_alive = [&](const std::string& roles) {
    return served.client.Ask(&Warmup::KeepAliveWarmupSession,
                             "session_id: 's' " + roles);
  };
  const auto renewed = keep_alive("").Must();
  CHECK(renewed.is_durable());
  CHECK(renewed.session().roles().at("chat") == "a");
  CHECK(renewed.session().expire_time().seconds() >=
        session.expire_time().seconds());
  CHECK(keep_alive("role_bindings { roles { key: 'edit' value: 'b' } }")
            .Must()
            .session()
            .roles()
            .at("edit") == "b");
  CheckError(
      keep_alive("role_bindings { roles { key: 'edit' value: 'nobody' } }")
          .status,
      StatusCode::NOT_FOUND, "MODEL_NOT_FOUND", {{"model", "nobody"}});
  CHECK(keep_alive("").Must().session().roles().at("edit") == "b");
  CHECK(keep_alive("role_bindings { }").Must().session().roles().empty());
}

TEST_CASE("Sessions: one that is not there is named by every method") {
  ServedDaemon served;
  served.Register("m");
  Client& client = served.client;
  const auto check = [](const grpc::Status& status) {
    CheckError(status, StatusCode::NOT_FOUND, "SESSION_NOT_FOUND",
               {{"session", "s"}});
  };
  const std::string s = "session_id: 's'";
  check(client.Ask(&Warmup::KeepAliveWarmupSession, s).status);
  check(client.Ask(&Warmup::StopWarmupSession, s).status);
  check(client.Ask(&Warmup::GetWarmupPrediction, s).status);
  check(client
            .Ask(&Warmup::ReportActivity,
                 "activities { kind: 'typing' " + s + " }")
            .status);
  check(client.Ask(&Warmup::RecordUsage, "usages { model_id: 'm' " + s + " }")
            .status);
  CheckInvalid(client.Ask(&Warmup::StopWarmupSession).status, "session_id");
}

TEST_CASE("StopWarmupSession: ends it once") {
  ServedDaemon served;
  StartSession(served, "session_id: 's' user_id: 'ada'");
  const auto stopped =
      served.client.Ask(&Warmup::StopWarmupSession, "session_id: 's'").Must();
  CHECK(stopped.session().user_id() == "ada");
  CHECK(stopped.is_durable());
  CHECK(served.client.Ask(&Warmup::StopWarmupSession, "session_id: 's'")
            .status.error_code() == StatusCode::NOT_FOUND);
}

TEST_CASE("Sessions: expire when their IDE is gone, and are told") {
  ServedDaemon served;
  StartSession(served, "session_id: 's' lease { seconds: 1 }");
  CHECK(Eventually([&] { return served.Metrics().session_count() == 0; }));
  CHECK(served.client.Ask(&Warmup::KeepAliveWarmupSession, "session_id: 's'")
            .status.error_code() == StatusCode::NOT_FOUND);
  CHECK(served.EventTypes().back() == "session_expired");
}

TEST_CASE("ListWarmupSessions: page by page") {
  ServedDaemon served;
  for (const char* id : {"c", "a", "b"}) {
    StartSession(served, std::string("session_id: '") + id + "'");
  }
  const auto page = [&](const std::string& request) {
    return served.client.Ask(&Warmup::ListWarmupSessions, request);
  };
  const auto first = page("page_size: 2").Must();
  REQUIRE(first.sessions_size() == 2);
  CHECK(first.sessions(0).session_id() == "a");
  CHECK(first.next_page_token() == "b");
  const auto second = page("page_size: 2 page_token: 'b'").Must();
  REQUIRE(second.sessions_size() == 1);
  CHECK(second.sessions(0).session_id() == "c");
  CHECK(second.next_page_token().empty());
  CheckInvalid(page("page_size: -1").status, "page_size");
  CheckInvalid(page("page_size: 1001").status, "page_size");
}

TEST_CASE("ReportActivity: a batch is taken whole or not at all") {
  ServedDaemon served;
  served.Register("m");
  StartSession(served, "session_id: 's' roles { key: 'chat' value: 'm' }");
  const auto report = [&](const std::string& bad) {
    return served.client
        .Ask(&Warmup::ReportActivity,
             "activities { kind: 'typing' } activities { " + bad + " }")
        .status;
  };
  CheckInvalid(report(""), "activities[1].kind");
  CheckInvalid(report("kind: 'two words'"), "activities[1].kind");
  CheckInvalid(report("kind: 'k' user_id: 'two words'"),
               "activities[1].user_id");
  CheckInvalid(report("kind: 'k' role: 'chat' model_id: 'm' session_id: 's'"),
               "activities[1].role");
  CheckInvalid(report("kind: 'k' role: 'chat'"), "activities[1].role");
  CheckInvalid(report("kind: 'k' timestamp { nanos: -1 }"),
               "activities[1].timestamp");
  for (const int64_t seconds : {-3700, 60, 100'000'000}) {
    CheckInvalid(report("kind: 'k' timestamp { " +
                        FromNow(seconds).ShortDebugString() + " }"),
                 "activities[1].timestamp");
  }
  CheckError(report("kind: 'k' role: 'embed' session_id: 's'"),
             StatusCode::NOT_FOUND, "ROLE_NOT_FOUND",
             {{"role", "embed"}, {"session", "s"}});
  CheckError(report("kind: 'k' model_id: 'nobody'"), StatusCode::NOT_FOUND,
             "MODEL_NOT_FOUND", {{"model", "nobody"}});
  CheckInvalid(served.client.Ask(&Warmup::ReportActivity).status, "activities");
  v1::ReportActivityRequest many;
  for (int i = 0; i <= 1000; ++i) many.add_activities()->set_kind("k");
  CheckInvalid(served.client.Ask(&Warmup::ReportActivity, many).status,
               "activities");
  CHECK(served.Metrics().activity_count() == 0);
  many.mutable_activities()->RemoveLast();
  served.client.Ask(&Warmup::ReportActivity, many).Must();
  CHECK(report("kind: 'chat_panel_opened' role: 'chat' session_id: 's'").ok());
  CHECK(report("kind: 'k' timestamp { " + FromNow(-3500).ShortDebugString() +
               " }")
            .ok());
  CHECK(served.Metrics().activity_count() == 1004);
}

TEST_CASE("StreamActivity: takes what comes until something is wrong") {
  ServedDaemon served;
  const auto stream = [&](const std::vector<std::string>& activities,
                          v1::StreamActivityResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    auto writer =
        served.client.stub<Warmup>().StreamActivity(&context, response);
    for (const std::string& activity : activities) {
      writer->Write(
          Proto<v1::StreamActivityRequest>("activity { " + activity + " }"));
    }
    writer->WritesDone();
    return writer->Finish();
  };
  v1::StreamActivityResponse response;
  CHECK(stream({}, &response).ok());
  CHECK(response.accepted_count() == 0);
  CHECK(stream({"kind: 'a'", "kind: 'b'"}, &response).ok());
  CHECK(response.accepted_count() == 2);
  const grpc::Status status =
      stream({"kind: 'a'", "kind: ''", "kind: 'c'"}, &response);
  CHECK(status.error_code() == StatusCode::INVALID_ARGUMENT);
  CHECK_THAT(ReadGrpcError(status).metadata["field"], Catch::EndsWith(".kind"));
  CHECK(served.Metrics().activity_count() == 3);
}

TEST_CASE("GetPredictionQuality: counts once uses have shown what came") {
  ServedDaemon served;
  served.Register("a");
  served.Register("b");
  const auto ask = [&] {
    return served.client.Ask(&Warmup::GetPredictionQuality).Must();
  };
  const auto before = ask();
  REQUIRE(before.horizons_size() == 6);
  for (const v1::HorizonQuality& horizon : before.horizons()) {
    CHECK(horizon.case_count() == 0);
    CHECK_FALSE(horizon.has_brier_score());
  }
  CHECK(before.hits().use_count() == 0);
  CHECK_FALSE(before.warmups().has_recall());
  for (int i = 0; i < 8; ++i) {
    const std::string id = i % 2 == 0 ? "a" : "b";
    served.client.Ask(&Warmup::RecordUsage, "usages { model_id: '" + id + "' }")
        .Must();
  }
  const auto after = ask();
  const v1::HorizonQuality& next = after.horizons(0);
  CHECK(next.name() == "next");
  CHECK(next.case_count() > 0);
  CHECK(next.has_calibration_error());
  CHECK(next.brier_score() >= 0);
  CHECK(next.brier_score() <= 1);
  double cases = 0;
  for (const v1::ReliabilityBin& bin : next.reliability()) {
    cases += bin.case_count();
  }
  CHECK(cases == Approx(next.case_count()));
  CHECK(after.hits().use_count() == 8);
  CHECK(after.switch_hits().use_count() == 7);
  CHECK(after.after_idle_hits().use_count() == 0);
  CHECK(after.warmups().missed_count() >= 1);
  CHECK(after.warmups().has_recall());
}

TEST_CASE("RecordUsage: a batch is taken whole or not at all") {
  ServedDaemon served;
  served.Register("m");
  const auto record = [&](const std::string& bad) {
    return served.client
        .Ask(&Warmup::RecordUsage,
             "usages { model_id: 'm' usage_id: 'good' } usages { " + bad + " }")
        .status;
  };
  CheckInvalid(record(""), "usages[1].model_id");
  CheckInvalid(record("model_id: 'm' usage_id: 'two words'"),
               "usages[1].usage_id");
  CheckInvalid(record("model_id: 'm' user_id: 'two words'"),
               "usages[1].user_id");
  for (const int64_t seconds : {-3700, 60}) {
    CheckInvalid(record("model_id: 'm' timestamp { " +
                        FromNow(seconds).ShortDebugString() + " }"),
                 "usages[1].timestamp");
  }
  CheckError(record("model_id: 'nobody'"), StatusCode::NOT_FOUND,
             "MODEL_NOT_FOUND", {{"model", "nobody"}});
  // Twice in one batch, and twice over all.
  CheckError(record("model_id: 'm' usage_id: 'good'"),
             StatusCode::ALREADY_EXISTS, "USAGE_EXISTS", {{"usage", "good"}});
  CheckInvalid(served.client.Ask(&Warmup::RecordUsage).status, "usages");
  v1::RecordUsageRequest many;
  for (int i = 0; i <= 1000; ++i) many.add_usages()->set_model_id("m");
  CheckInvalid(served.client.Ask(&Warmup::RecordUsage, many).status, "usages");
  CHECK(served.Metrics().usage_count() == 0);
  CHECK_FALSE(served.Get("m").has_last_used_time());
  CHECK(record("model_id: 'm' usage_id: 'other'").ok());
  CheckError(record("model_id: 'm' usage_id: 'third'"),
             StatusCode::ALREADY_EXISTS, "USAGE_EXISTS", {{"usage", "good"}});
  CHECK(served.Metrics().usage_count() == 2);
  CHECK(served.Get("m").has_last_used_time());
}

TEST_CASE("RecordUsage: the first answer of a ready model is learned") {
  ServedDaemon served;
  served.Register("m");
  const auto record = [&](const std::string& time) {
    return served.client
        .Ask(&Warmup::RecordUsage,
             "usages { model_id: 'm' first_answer_ms: " + time + " }")
        .status;
  };
  CHECK(record("500").ok());  // it had to wait for its load
  CHECK_FALSE(served.Get("m").learned().has_first_answer());
  served.Load("m").Must();
  CHECK(record("20").ok());
  CHECK(record("30.5").ok());
  CheckInvalid(record("-1"), "usages[0].first_answer_ms");
  CheckInvalid(record("inf"), "usages[0].first_answer_ms");
  CheckInvalid(record("nan"), "usages[0].first_answer_ms");
  const auto learned = served.Get("m").learned().first_answer();
  CHECK(learned.measured_count() == 2);
  CHECK(learned.time().nanos() == 25'250'000);
}

TEST_CASE("GetWarmupPrediction: what is wrong is named") {
  ServedDaemon served;
  const auto status =
      [&](const std::function<void(v1::GetWarmupPredictionRequest&)>& spoil) {
        v1::GetWarmupPredictionRequest request;
        spoil(request);
        return served.client.Ask(&Warmup::GetWarmupPrediction, request).status;
      };
  using Request = v1::GetWarmupPredictionRequest;
  CheckInvalid(status([](Request& r) {
                 r.set_complexity(std::numeric_limits<double>::quiet_NaN());
               }),
               "complexity");
  CheckInvalid(status([](Request& r) { r.set_complexity(1.5); }), "complexity");
  CheckInvalid(status([](Request& r) { r.set_input_length(-1); }),
               "input_length");
  CheckInvalid(status([](Request& r) { r.set_max_models(-1); }), "max_models");
  CheckInvalid(status([](Request& r) { r.set_max_models(65); }), "max_models");
  CheckInvalid(
      status([](Request& r) { r.set_task(static_cast<v1::ModelType>(11)); }),
      "task");
  CHECK(served.Metrics().prediction_count() == 0);
}

TEST_CASE("GetWarmupPrediction: a device that is not there is named") {
  ServedDaemon served;
  served.Register("m");
  CheckError(
      served.client
          .Ask(&Warmup::GetWarmupPrediction, "preferred_hardware: 'gpu9'")
          .status,
      StatusCode::NOT_FOUND, "DEVICE_NOT_FOUND", {{"device", "gpu9"}});
  CHECK(served.client
            .Ask(&Warmup::GetWarmupPrediction, "preferred_hardware: 'host'")
            .ok());
}

TEST_CASE("GetWarmupPrediction: the session's own model leads") {
  ServedDaemon served({"policy.predictive_preloading=false"});
  served.Register("a");
  served.Register("b");
  StartSession(served, "session_id: 's' roles { key: 'chat' value: 'b' }");
  const auto prediction =
      served.client
          .Ask(&Warmup::GetWarmupPrediction,
               "task: MODEL_TYPE_CHAT session_id: 's' max_models: 1 "
               "acceptable_latency_ms: 60000")
          .Must();
  REQUIRE(prediction.predicted_models_size() == 1);
  const v1::PredictedModel& first = prediction.predicted_models(0);
  CHECK(first.model_id() == "b");
  CHECK(first.tier() == v1::MODEL_TIER_COLD);
  CHECK(first.probability_next() > 0.5);
  CHECK(first.probability_5min() <= first.probability_1h());
  CHECK(first.probability_1h() <= 1);
  CHECK(first.estimated_warmup_time_ms() > 0);
  CHECK(first.reasons_size() > 0);
  CHECK(first.resource_requirements().memory_mb() == 1);
  CHECK(first.meets_acceptable_latency());
  CHECK(prediction.confidence_score() == first.probability_1h());
  CHECK(prediction.estimated_warmup_time_ms() ==
        first.estimated_warmup_time_ms());
  CHECK(prediction.resource_requirements().memory_mb_by_device().at("host") ==
        1);
  // Asking changes nothing.
  CHECK(served.GetState("b") == "MODEL_STATE_COLD");
  CHECK(served.Metrics().prediction_count() == 1);
}

}  // namespace
}  // namespace warmup
