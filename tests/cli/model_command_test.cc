// Models, loads, pins, leases and events: the real program against a daemon
// with canned answers.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "clients/cli/errors.h"
#include "tests/cli/run.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

using nlohmann::json;

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// One JSON value a line.
std::vector<json> Lines(const std::string& text) {
  std::vector<json> values;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    if (!line.empty()) values.push_back(json::parse(line));
  }
  return values;
}

TEST_CASE_METHOD(CliFixture, "Models: alone lists all pages") {
  const RunResult result = Run({"models"});
  CHECK(result.exit_code == kExitOk);
  CHECK(Has(result.out, "coder:1.5b   completion  ● ready"));
  CHECK(Has(result.out, "◐ loading ██        25 %"));
  CHECK(Has(result.out, "✗ failed"));
  CHECK(Has(result.out, "1.24 s (3)  250 ms (1)  42 %"));
  CHECK(Has(result.out, "~ 300 ms    ~ 100 ms     -"));
  CHECK(Run({"models", "list"}).out == result.out);
  CHECK(Run({"models", "list", "--ids"}).out ==
        "coder:1.5b\nembed\nllama3.1:8b\nmistral\n");
  const json answer = json::parse(Json({"models"}));
  CHECK(answer["models"].size() == 4);
  CHECK(answer["models"][0]["state"] == "MODEL_STATE_READY");
}

TEST_CASE_METHOD(CliFixture, "Models: get says all there is") {
  const std::string text = Run({"models", "get", "coder:1.5b"}).out;
  for (const char* part :
       {"● ready, holds 1.05 GiB on host", "pinned, 1 lease", "completion",
        "high", "/models/coder.gguf", "gguf, qwen2, 32768 tokens of context",
        "1 GiB, 1.2 GiB while it is loaded, 1.05 GiB as measured, at the most "
        "1.1 GiB, from 4 loads",
        "cold load     1.24 s, from 3 loads",
        "warm load     250 ms, from 1 load",
        "first answer  35 ms, from 40 requests",
        "42 % next, 71 % in 5 min, > 99 % in 1 h", "team=tools"}) {
    CHECK(Has(text, part));
  }
  CHECK(Has(Run({"models", "get", "mistral"}).out,
            "2 in a row, the last: mistral.gguf: it has vanished"));
  CHECK(Has(Run({"models", "get", "embed"}).out, "warm load  ~ 100 ms\n"));
}

TEST_CASE_METHOD(CliFixture, "Models: register makes paths absolute") {
  const RunResult result =
      Run({"models", "register", "coder", "some/../coder.gguf", "--type",
           "completion", "--size", "1GiB", "--peak", "1.5GiB", "--priority",
           "high", "--pin", "--label", "team=tools"});
  CHECK(result.exit_code == kExitOk);
  const json spec = json::parse(daemon().LastRequest("RegisterModel"))["spec"];
  CHECK(spec["source"] ==
        (std::filesystem::current_path() / "coder.gguf").string());
  CHECK(spec["model_type"] == "MODEL_TYPE_COMPLETION");
  CHECK(spec["size_bytes"] == "1073741824");
  CHECK(spec["peak_bytes"] == "1610612736");
  CHECK(spec["is_pinned"] == true);
  CHECK(spec["labels"]["team"] == "tools");
}

TEST_CASE_METHOD(CliFixture, "Models: another engine's names are left alone") {
  Run({"models", "register", "l", "llama3.1:8b", "--engine", "ollama"});
  CHECK(json::parse(daemon().LastRequest("RegisterModel"))["spec"]["source"] ==
        "llama3.1:8b");
}

TEST_CASE_METHOD(CliFixture, "Models: update changes only what is given") {
  Run({"models", "update", "coder:1.5b", "--priority", "low"});
  const json request = json::parse(daemon().LastRequest("UpdateModel"));
  CHECK(request["spec"]["priority"] == "REQUEST_PRIORITY_LOW");
  CHECK(request["spec"]["source"] == "/models/coder.gguf");
  CHECK(request["spec"]["is_pinned"] == true);
  CHECK(request["expected_revision"] == "3");
}

TEST_CASE_METHOD(CliFixture, "Models: remove") {
  const RunResult result = Run({"models", "remove", "embed"});
  CHECK(result.exit_code == kExitOk);
  CHECK(result.err == "embed is removed\n");
  CHECK(Json({"models", "remove", "embed"}) == "{}\n");
}

TEST_CASE_METHOD(CliFixture, "Models: watch prints what changes") {
  const RunResult result = Run({"models", "watch", "coder:1.5b"});
  CHECK(Has(result.out, "coder:1.5b"));
  CHECK(Has(result.out, "  embed                             removed\n"));
  CHECK(result.exit_code == kExitUnreachable);
  CHECK(Has(result.err, "the daemon has ended the stream"));
  CHECK(json::parse(daemon().LastRequest("WatchModels"))["model_ids"][0] ==
        "coder:1.5b");
  const std::vector<json> lines = Lines(Json({"models", "watch"}));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["models"].size() == 4);
  CHECK(lines[0]["is_snapshot_complete"] == true);
  CHECK(lines[1]["removed_model_ids"][0] == "embed");
}

TEST_CASE_METHOD(CliFixture, "Load: waits, and says how it was") {
  const RunResult result = Run({"load", "coder:1.5b", "--timeout", "30s"});
  CHECK(result.out ==
        "coder:1.5b  ● ready, holds 1.05 GiB on host; it was cold, waited 2 "
        "s\n");
  const json request = json::parse(daemon().LastRequest("LoadModel"));
  CHECK(request["wait"] == true);
  CHECK(request["timeout_ms"] == 30000);
}

TEST_CASE_METHOD(CliFixture, "Load: may only be asked for") {
  Run({"load", "coder:1.5b", "--no-wait", "--may-evict"});
  const json request = json::parse(daemon().LastRequest("LoadModel"));
  CHECK(request["wait"] == false);
  CHECK(request["may_evict"] == true);
  CHECK(request["timeout_ms"] == 0);
}

TEST_CASE_METHOD(CliFixture, "Load: no room is told with what holds the rest") {
  daemon().Fail(
      "LoadModel",
      FakeError(grpc::RESOURCE_EXHAUSTED,
                "model \"a\" needs 4 GiB on host, 1 GiB is free; pinned: b",
                "DOES_NOT_FIT", {{"model", "a"}, {"device", "host"}}));
  const RunResult result = Run({"load", "a"});
  CHECK(result.exit_code == kExitNoRoom);
  CHECK(Has(result.err, "1 GiB is free; pinned: b"));
  CHECK(Has(result.err, "DOES_NOT_FIT (device=host, model=a)"));
  CHECK(
      Has(result.err, "hint:  `warmupctl status` shows what holds the memory"));
}

TEST_CASE_METHOD(CliFixture, "Load: a daemon that backs off says until when") {
  daemon().Fail("LoadModel",
                FakeError(grpc::UNAVAILABLE, "model \"a\" failed 3 times",
                          "LOAD_BACKING_OFF", {{"model", "a"}}, 4000));
  const RunResult result = Run({"load", "a"});
  CHECK(result.exit_code == kExitFailed);
  CHECK(Has(result.err, "`warmupctl models get a`"));
  CHECK(Has(result.err, "try again in 4 s"));
}

TEST_CASE_METHOD(CliFixture, "Unload, pin and unpin: say how the model is") {
  CHECK(Has(Run({"unload", "embed"}).out, "embed  ○ cold, in RAM"));
  CHECK(Run({"pin", "embed"}).out == "embed is pinned\n");
  CHECK(json::parse(daemon().LastRequest("PinModel"))["is_pinned"] == true);
  CHECK(Run({"unpin", "embed"}).out == "embed is not pinned\n");
  CHECK(json::parse(Json({"pin", "embed"}))["model"]["spec"]["is_pinned"] ==
        true);
}

TEST_CASE_METHOD(CliFixture, "Lease: acquire prints the id alone") {
  const RunResult result =
      Run({"lease", "acquire", "embed", "--duration", "90s"});
  CHECK(result.out == "lease-1\n");
  CHECK(json::parse(daemon().LastRequest("AcquireLease"))["duration"] == "90s");
  CHECK(Has(Run({"lease", "renew", "lease-1"}).out, "lease-1 holds embed"));
  CHECK(json::parse(daemon().LastRequest("RenewLease"))["duration"] == "300s");
  CHECK(Run({"lease", "release", "lease-1"}).exit_code == kExitOk);
}

TEST_CASE_METHOD(CliFixture, "Events: publish sends what is said") {
  const RunResult result =
      Run({"events", "publish", "build_finished", "--source", "ci", "--data",
           "{\"ok\":true}", "--metadata", "a=b"});
  CHECK(Has(result.out, "43"));
  CHECK(Has(result.out, "ok=true  a=b"));
  const json event = json::parse(daemon().LastRequest("Publish"))["event"];
  CHECK(event["event_type"] == "build_finished");
  CHECK(event["source"] == "ci");
}

TEST_CASE_METHOD(CliFixture, "Events: recent filters, and shows no escapes") {
  const RunResult result = Run({"events", "recent", "-n", "5", "--type",
                                "model_*", "--type", "x", "--source", "ci"});
  CHECK(Has(result.out, "    41  2024-05-01 "));
  CHECK_FALSE(Has(result.out, "\033"));
  const json request = json::parse(daemon().LastRequest("GetRecentEvents"));
  CHECK(request["max_count"] == 5);
  CHECK(request["filter"]["event_types"] == json({"model_*", "x"}));
  CHECK(request["filter"]["sources"] == json({"ci"}));
  CHECK(json::parse(Json({"events", "recent"}))["events"].size() == 2);
}

TEST_CASE_METHOD(CliFixture, "Events: watch tells gaps on the other stream") {
  const RunResult result = Run({"events", "watch", "-o", "json"});
  const std::vector<json> lines = Lines(result.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1]["sequence"] == "42");
  CHECK(Has(result.err, "gap: 7 events lost, it goes on from 41\n"));
  CHECK_FALSE(
      json::parse(daemon().LastRequest("Subscribe")).contains("from_sequence"));
}

TEST_CASE_METHOD(CliFixture, "Events: watch says where to go on") {
  const RunResult result = Run({"events", "watch", "--from", "0"});
  CHECK(result.exit_code == kExitUnreachable);
  CHECK(Has(result.err, "events watch --from 43\n"));
  CHECK(json::parse(daemon().LastRequest("Subscribe"))["from_sequence"] == "0");
}

TEST_CASE_METHOD(CliFixture, "Status: once is one frame, or one object") {
  const RunResult result = Run({"status"});
  CHECK(result.exit_code == kExitOk);
  CHECK(Has(result.out, "80 % warm · 15 % late · 5 % cold"));
  CHECK_FALSE(Has(result.out, "\033"));
  CHECK(Run({"status", "--once"}).exit_code == kExitOk);
  const json answer = json::parse(Json({"status"}));
  CHECK(answer["models"].size() == 4);
  CHECK(answer["metrics"]["demands"]["cold_count"] == 5);
  CHECK(answer["events"][1]["source"] == "ci");
}

}  // namespace
}  // namespace warmup::cli
