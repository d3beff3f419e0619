// Sessions, activities, usage, predictions, metrics, policy, health, services:
// the real program against a daemon with canned answers.
#include <nlohmann/json.hpp>

#include "clients/cli/errors.h"
#include "tests/cli/run.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

using nlohmann::json;

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE_METHOD(CliFixture, "Predict: prints models, times and reasons") {
  const RunResult result = Run({"predict"});
  CHECK(result.exit_code == kExitOk);
  CHECK(result.err.empty());
  CHECK(Has(result.out,
            "coder:1.5b   completion  42 %   71 %  > 99 %  ~ 40 s  ready"));
  CHECK(Has(result.out, "\n  bound to completion; used 12 s ago\n"));
  CHECK(Has(result.out, "5 s, late"));
  CHECK(Has(result.out, "all ready in 5 s with 5.55 GiB"));
}

TEST_CASE_METHOD(CliFixture, "Predict: sends what the options say") {
  Run({"predict", "--task", "chat", "--session", "s", "--user", "u",
       "--priority", "high", "--max-models", "3", "--acceptable-latency",
       "1500us", "--device", "gpu0", "--language", "rust", "--warm"});
  const json request = json::parse(daemon().LastRequest("GetWarmupPrediction"));
  CHECK(request["task"] == "MODEL_TYPE_CHAT");
  CHECK(request["session_id"] == "s");
  CHECK(request["user_context"]["user_id"] == "u");
  CHECK(request["priority"] == "REQUEST_PRIORITY_HIGH");
  CHECK(request["max_models"] == 3);
  CHECK(request["acceptable_latency_ms"] == 2);
  CHECK(request["preferred_hardware"] == "gpu0");
  CHECK(request["project_context"]["language"] == "rust");
  CHECK(request["mode"] == "PREDICTION_MODE_PREDICT_AND_WARM");
}

TEST_CASE_METHOD(CliFixture, "Predict: JSON has proto names and defaults") {
  const json answer = json::parse(Json({"predict"}));
  const json& model = answer["predicted_models"][0];
  CHECK(model["model_id"] == "coder:1.5b");
  CHECK(model["probability_next"] == 0.42);
  CHECK(model["estimated_warmup_time_ms"] == 0);
  CHECK(answer["resource_requirements"]["memory_mb"] == 5683);
}

TEST_CASE_METHOD(CliFixture, "Session: start prints the id alone") {
  const RunResult result =
      Run({"session", "start", "--role", "chat=llama3.1:8b", "--role",
           "completion=a=b", "--user", "ann", "--lease", "10m"});
  CHECK(result.out == "s-1\n");
  CHECK(Has(result.err, "alive for 10 min"));
  const json session =
      json::parse(daemon().LastRequest("StartWarmupSession"))["session"];
  CHECK(session["roles"]["chat"] == "llama3.1:8b");
  CHECK(session["roles"]["completion"] == "a=b");
  CHECK(session["user_id"] == "ann");
  CHECK(session["client"] == "warmupctl");
  CHECK(session["lease"] == "600s");
}

TEST_CASE_METHOD(CliFixture, "Session: what is not durable is told") {
  CHECK(Has(Run({"session", "start", "--user", "undurable"}).err,
            "would not survive a restart"));
}

TEST_CASE_METHOD(CliFixture,
                 "Session: keepalive replaces roles only if given") {
  CHECK(Has(Run({"session", "keepalive", "s-7"}).out, "s-7"));
  CHECK_FALSE(json::parse(daemon().LastRequest("KeepAliveWarmupSession"))
                  .contains("role_bindings"));
  Run({"session", "keepalive", "s-7", "--role", "chat=x"});
  CHECK(json::parse(daemon().LastRequest(
            "KeepAliveWarmupSession"))["role_bindings"]["roles"]["chat"] ==
        "x");
}

TEST_CASE_METHOD(CliFixture, "Session: list reads all pages") {
  const RunResult result = Run({"session", "list"});
  CHECK(Has(result.out, "s-1"));
  CHECK(Has(result.out, "s-2"));
  CHECK(Has(result.out, "chat=llama3.1:8b"));
  const json answer = json::parse(Json({"session", "list"}));
  CHECK(answer["sessions"].size() == 2);
  CHECK(answer["next_page_token"] == "");
}

TEST_CASE_METHOD(CliFixture, "Session: stop") {
  CHECK(Has(Run({"session", "stop", "s-3"}).out, "s-3 stopped"));
  daemon().Fail("StopWarmupSession",
                FakeError(grpc::NOT_FOUND, "no session \"s-3\"",
                          "SESSION_NOT_FOUND", {{"session", "s-3"}}));
  const RunResult result = Run({"session", "stop", "s-3"});
  CHECK(result.exit_code == kExitNotFound);
  CHECK(result.out.empty());
  CHECK(Has(result.err, "error: no session \"s-3\"\n"));
  CHECK(Has(result.err, "NOT_FOUND, SESSION_NOT_FOUND (session=s-3)"));
  CHECK(Has(result.err, "hint:  `warmupctl session list`"));
}

TEST_CASE_METHOD(CliFixture, "Activity: one is sent as it is said") {
  const RunResult result =
      Run({"activity", "typing", "--session", "s", "--role", "chat", "--model",
           "m", "--user", "u"});
  CHECK(result.exit_code == kExitOk);
  CHECK(result.out.empty());
  const json activity =
      json::parse(daemon().LastRequest("ReportActivity"))["activities"][0];
  CHECK(activity["kind"] == "typing");
  CHECK(activity["session_id"] == "s");
  CHECK(activity["role"] == "chat");
  CHECK(activity["model_id"] == "m");
  CHECK(activity["user_id"] == "u");
  CHECK(Json({"activity", "typing"}) == "{}\n");
}

TEST_CASE_METHOD(CliFixture, "Activity: lines of the input go as a stream") {
  const RunResult result =
      Run({"activity", "--stdin"},
          "{\"kind\":\"a\"}\n\n"
          "{\"kind\":\"b\",\"timestamp\":\"2024-05-01T10:00:00Z\"}");
  CHECK(result.exit_code == kExitOk);
  CHECK(result.err == "2 activities taken\n");
  CHECK(Has(daemon().LastRequest("StreamActivity"), "2024-05-01T10:00:00Z"));
}

TEST_CASE_METHOD(CliFixture, "Activity: a bad line is named, the rest stays") {
  const RunResult result =
      Run({"activity", "--stdin"}, "{\"kind\":\"a\"}\n{\"kund\":\"b\"}\n{}\n");
  CHECK(result.exit_code == kExitRefused);
  CHECK(Has(result.err, "stdin, line 2: "));
  CHECK(Has(result.err, "taken before it: 1"));
}

TEST_CASE_METHOD(CliFixture, "Activity: the daemon may refuse a line") {
  daemon().Fail("StreamActivity",
                FakeError(grpc::INVALID_ARGUMENT, "kind: is empty",
                          "INVALID_FIELD", {{"field", "kind"}}));
  const RunResult result = Run({"activity", "--stdin"}, "{}\n");
  CHECK(result.exit_code == kExitRefused);
  CHECK(Has(result.err, "error: kind: is empty"));
}

TEST_CASE_METHOD(CliFixture, "Usage: each model is one use") {
  CHECK(Run({"usage", "a", "status", "--session", "s"}).err ==
        "2 uses recorded\n");
  const json usages =
      json::parse(daemon().LastRequest("RecordUsage"))["usages"];
  CHECK(usages.size() == 2);
  CHECK(usages[1]["model_id"] == "status");
  CHECK(usages[1]["session_id"] == "s");
}

TEST_CASE_METHOD(CliFixture, "Metrics: counts, shares and devices") {
  const RunResult result = Run({"metrics"});
  CAPTURE(result.out);
  CHECK(Has(result.out, "80 warm, 15 late, 5 cold, 2 failed; 80 % of those"));
  CHECK(Has(result.out, "12.2 s in all, 120 ms each on average"));
  CHECK(Has(result.out,
            "host    5.5 GiB   8 GiB  410 MiB          6 GiB          16 GiB"));
  CHECK(Has(result.out, ", 100 uses (30 seen at the engines), 1 activity"));
  CHECK(Has(result.out, "ollama          2      0     10        9"));
  CHECK(Has(result.out, "today          0 ms"));
  CHECK(Has(result.out,
            "last 7 days    12 s    31 s (-61 %)        44 s (-73 %)"));
  CHECK(Has(result.out,
            "since start    45 s    30 s (+50 %)  1 min 30 s (-50 %)"));
  CHECK(json::parse(Json({"metrics"}))["demands"]["warm_count"] == 80);
}

TEST_CASE_METHOD(CliFixture, "Quality: scores, hits, warmups and a curve") {
  const RunResult result = Run({"quality"});
  CHECK(result.exit_code == kExitOk);
  for (const char* line :
       {"next       14200  0.0050    0.0209             0.0005\n",
        "24h            0       -         -                  -\n",
        "switches               50   40 %         80 %\n",
        "after a pause           0      -            -\n",
        "8 used in time, 2 used but late, 5 unused\n",
        "12 found no ready model, 95 needed no warmup\n",
        "67 % of the warmups were used\n",
        "40 % of the times that one was needed, it was there\n",
        "5 % of the times that none was needed\n",
        "1 min 25 s on average, median 40.5 s, from ready",
        "100 MiB warmed and driven out unused\n",
        "reliability of 5min: what came true of what was forecast\n",
        " 100 % ┤                                      ●··\n",
        "   0 % ┤●·\n"}) {
    INFO(line << "\nin\n" << result.out);
    CHECK(Has(result.out, line));
  }
  CHECK(json::parse(Json({"quality"}))["warmups"]["precision"] == 0.667);
}

TEST_CASE_METHOD(CliFixture, "Quality: plots the horizon that is asked for") {
  CHECK(Has(Run({"quality", "--horizon", "24h"}).out,
            "reliability of 24h: what came true of what was forecast: no cases "
            "yet\n"));
  // An older daemon may have other horizons.
  CHECK_FALSE(Has(Run({"quality", "--horizon", "6h"}).out, "reliability"));
  CHECK(Run({"quality", "--horizon", "7h"}).exit_code == kExitUsage);
}

TEST_CASE_METHOD(CliFixture, "Policy: set changes only what is given") {
  CHECK(Has(Run({"policy", "get"}).out, "switching timeout         5 min\n"));
  const RunResult result =
      Run({"policy", "set", "--predictive-preloading", "off",
           "--max-concurrent-loads", "2", "--memory-price", "frugal"});
  CHECK(Has(result.out, "predictive preloading     off"));
  const json policy =
      json::parse(daemon().LastRequest("SetSwitchingPolicy"))["policy"];
  CHECK(policy["predictive_preloading"] == false);
  CHECK(policy["max_concurrent_loads"] == 2);
  CHECK(policy["memory_price"] == "frugal");
  CHECK(policy["resource_aware_switching"] == true);
  CHECK(policy["switching_timeout_ms"] == 300000);
  CHECK(json::parse(
            Json({"policy", "get"}))["policy"]["max_concurrent_loads"] == 2);
}

TEST_CASE_METHOD(CliFixture, "Health: exits with 0 only if it serves") {
  CHECK(Run({"health"}).out == "SERVING\n");
  CHECK(Run({"health"}).exit_code == kExitOk);
  daemon().set_is_serving(false);
  CHECK(Run({"health", "warmup.v1.ModelService"}).out == "NOT_SERVING\n");
  CHECK(Run({"health"}).exit_code == kExitUnhealthy);
  CHECK(Has(daemon().LastRequest("Check"), "service"));
  daemon().Fail("Check", grpc::Status(grpc::NOT_FOUND, "unknown service"));
  CHECK(Run({"health", "x"}).exit_code == kExitNotFound);
}

TEST_CASE_METHOD(CliFixture, "Services: names, and the methods of one") {
  CHECK(Run({"services"}).out ==
        "grpc.health.v1.Health\nwarmup.v1.ModelService\n");
  const RunResult result = Run({"services", "warmup.v1.ModelService"});
  CHECK(Has(result.out,
            "WatchModels         WatchModelsRequest         stream "
            "WatchModelsResponse\n"));
  CHECK(Run({"services", "warmup.v1.Model"}).exit_code == kExitNotFound);
  CHECK(Run({"services", "nothing"}).exit_code == kExitNotFound);
  CHECK(json::parse(Json({"services"}))["service"].size() == 2);
}

TEST_CASE_METHOD(CliFixture, "Errors: exit codes of the real program") {
  const auto exit_code = [this](grpc::StatusCode code) {
    daemon().Fail("GetModel", FakeError(code, "x", "SOMETHING"));
    return Run({"models", "get", "a"}).exit_code;
  };
  CHECK(exit_code(grpc::INTERNAL) == kExitFailed);
  CHECK(exit_code(grpc::NOT_FOUND) == kExitNotFound);
  CHECK(exit_code(grpc::INVALID_ARGUMENT) == kExitRefused);
  CHECK(exit_code(grpc::RESOURCE_EXHAUSTED) == kExitNoRoom);
  CHECK(exit_code(grpc::DEADLINE_EXCEEDED) == kExitDeadline);
  CHECK(exit_code(grpc::UNAUTHENTICATED) == kExitForbidden);
  CHECK(exit_code(grpc::UNAVAILABLE) == kExitFailed);
}

}  // namespace
}  // namespace warmup::cli
