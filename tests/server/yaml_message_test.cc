#include "server/yaml_message.h"

#include <string>
#include <vector>

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "warmup/v1/config.pb.h"

namespace warmup {
namespace {

v1::Config MustMerge(const std::string& text) {
  v1::Config config;
  const absl::Status status = MergeYaml("f.yaml", text, &config);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return config;
}

// The error's text; its other parts are the same for all of them.
std::string ErrorOf(const absl::Status& status) {
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(GetErrorDetails(status).reason == "INVALID_CONFIG");
  return std::string(status.message());
}

std::string MergeError(const std::string& text) {
  v1::Config config;
  return ErrorOf(MergeYaml("f.yaml", text, &config));
}

std::string SetError(const std::string& path, const std::string& value) {
  v1::Config config;
  return ErrorOf(SetYamlField("--set", path, value, &config));
}

TEST_CASE("MergeYaml: reads every kind of field") {
  const v1::Config config = MustMerge(
      "listen:\n"
      "  unix_socket: /run/w.sock   # a comment\n"
      "memory: {budget_mib: 4096, reserve_mib: 0x10}\n"
      "engines:\n"
      "  files:\n"
      "    roots:\n"
      "      - /models\n"
      "      - \"/other models\"\n"
      "    mlock: yes\n"
      "policy:\n"
      "  switching_timeout: 1m30.5s\n"
      "  max_concurrent_loads: 3\n"
      "  predictive_preloading: false\n");
  CHECK(config.listen().unix_socket() == "/run/w.sock");
  CHECK(config.memory().budget_mib() == 4096);
  CHECK(config.memory().reserve_mib() == 16);
  REQUIRE(config.engines().files().roots_size() == 2);
  CHECK(config.engines().files().roots(1) == "/other models");
  CHECK(config.engines().files().mlock());
  CHECK(config.policy().switching_timeout().seconds() == 90);
  CHECK(config.policy().switching_timeout().nanos() == 500'000'000);
  CHECK(config.policy().max_concurrent_loads() == 3);
  CHECK_FALSE(config.policy().predictive_preloading());
}

TEST_CASE("MergeYaml: what is not written stays as it was") {
  v1::Config config;
  config.mutable_log()->set_level("debug");
  config.mutable_memory()->set_budget_mib(7);
  REQUIRE(MergeYaml("f", "memory: {reserve_mib: 1}\nlog:\n", &config).ok());
  CHECK(config.log().level() == "debug");
  CHECK(config.memory().budget_mib() == 7);
  // A key without a value is the default too, in a section and at its end.
  REQUIRE(MergeYaml("f", "memory:\n  budget_mib:\n", &config).ok());
  CHECK(config.memory().budget_mib() == 7);
}

TEST_CASE("MergeYaml: an empty text, a comment and a document mark are fine") {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "---\n...\n"}) {
    INFO("text: " << text);
    CHECK(MustMerge(text).ByteSizeLong() == 0);
  }
}

TEST_CASE("MergeYaml: a list may be written as its one entry") {
  const v1::Config config = MustMerge("engines: {files: {roots: /models}}");
  REQUIRE(config.engines().files().roots_size() == 1);
  CHECK(config.engines().files().roots(0) == "/models");
}

TEST_CASE("MergeYaml: a list replaces the one before") {
  v1::Config config = MustMerge("engines: {files: {roots: [/a, /b]}}");
  REQUIRE(MergeYaml("f", "engines: {files: {roots: [/c]}}", &config).ok());
  REQUIRE(config.engines().files().roots_size() == 1);
  CHECK(config.engines().files().roots(0) == "/c");
}

TEST_CASE("MergeYaml: unknown keys are refused with line and column") {
  CHECK(MergeError("listen:\n  unix_sockets: /x\n") ==
        "f.yaml:2:3: listen.unix_sockets: there is no such field; there are: "
        "unix_socket, tcp_address");
  CHECK_THAT(MergeError("log: {level: info}\n\nlisten_to: x\n"),
             Catch::StartsWith("f.yaml:3:1: listen_to: there is no such"));
  CHECK_THAT(MergeError("<<: {log: {level: info}}\n"),
             Catch::StartsWith("f.yaml:1:1: <<: there is no such"));
  CHECK_THAT(MergeError("? [a, b]\n: c\n"),
             Catch::Contains("there is no such field"));
}

TEST_CASE("MergeYaml: a key that stands twice is refused where it does") {
  CHECK(MergeError("log:\n  level: info\n  level: debug\n") ==
        "f.yaml:3:3: log.level: stands here for the second time");
  CHECK(MergeError("log: {level: info}\nmemory:\nlog: {level: info}\n") ==
        "f.yaml:3:1: log: stands here for the second time");
}

TEST_CASE("MergeYaml: values of a wrong kind are refused where they stand") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"memory:\n  budget_mib: much\n",
       "f.yaml:2:15: memory.budget_mib: 'much' is not a whole number"},
      {"memory: {budget_mib: 1.5}",
       "f.yaml:1:22: memory.budget_mib: '1.5' is not a whole number"},
      {"memory: {budget_mib: 99999999999999999999}",
       "f.yaml:1:22: memory.budget_mib: '99999999999999999999' is not a whole "
       "number"},
      {"policy: {max_concurrent_loads: 3000000000}",
       "f.yaml:1:32: policy.max_concurrent_loads: '3000000000' is not a whole "
       "number"},
      {"policy: {predictive_preloading: maybe}",
       "f.yaml:1:33: policy.predictive_preloading: 'maybe' is not true or "
       "false"},
      {"policy: {switching_timeout: 5 minutes}",
       "f.yaml:1:29: policy.switching_timeout: '5 minutes' is not a duration "
       "like 500ms or 1m30s"},
      {"policy: {switching_timeout: 300}",
       "f.yaml:1:29: policy.switching_timeout: '300' is not a duration like "
       "500ms or 1m30s"},
      {"policy: {switching_timeout: inf}",
       "f.yaml:1:29: policy.switching_timeout: 'inf' is not a duration like "
       "500ms or 1m30s"},
      {"log: {level: [info]}",
       "f.yaml:1:14: log.level: must be a single value"},
      {"log: info", "f.yaml:1:6: log: must be a map of fields"},
      {"engines: {files: {roots: {a: b}}}",
       "f.yaml:1:26: engines.files.roots: must be a list"},
      {"engines:\n  files:\n    roots:\n      - [/a]\n",
       "f.yaml:4:9: engines.files.roots: must be a list of single values"},
      {"- a\n- b\n", "f.yaml:1:1: must be a map of fields"},
      {"just a text", "f.yaml:1:1: must be a map of fields"},
  };
  for (const auto& [text, error] : cases) {
    INFO("text: " << text);
    CHECK(MergeError(text) == error);
  }
}

TEST_CASE("MergeYaml: what is not YAML is refused with line and column") {
  CHECK_THAT(MergeError("log: {level: info\nmemory: 1\n"),
             Catch::StartsWith("f.yaml:2:"));
  CHECK_THAT(MergeError("log:\n\tlevel: info\n"),
             Catch::StartsWith("f.yaml:2:"));
  CHECK_THAT(MergeError("log: *nobody\n"), Catch::StartsWith("f.yaml:1:6: "));
  CHECK_THAT(MergeError(std::string(100'000, '[')),
             Catch::StartsWith("f.yaml:1:"));
}

TEST_CASE("MergeYaml: a second document is refused, not passed over") {
  CHECK_THAT(MergeError("log: {level: info}\n---\nlog: {level: debug}\n"),
             Catch::StartsWith("f.yaml:"));
}

TEST_CASE("SetYamlField: sets one field of any kind") {
  v1::Config config;
  const auto set = [&](const char* path, const char* value) {
    const absl::Status status = SetYamlField("--set", path, value, &config);
    INFO(path << ": " << status.ToString());
    REQUIRE(status.ok());
  };
  set("listen.unix_socket", "/tmp/{odd}: path # 1");
  set("memory.budget_mib", "8192");
  set("engines.files.roots", "[/a, /b]");
  set("engines.files.mlock", "true");
  set("policy.switching_timeout", "250ms");
  CHECK(config.listen().unix_socket() == "/tmp/{odd}: path # 1");
  CHECK(config.memory().budget_mib() == 8192);
  CHECK(config.engines().files().roots_size() == 2);
  CHECK(config.engines().files().mlock());
  CHECK(config.policy().switching_timeout().nanos() == 250'000'000);
  set("engines.files.roots", "/c");
  CHECK(config.engines().files().roots_size() == 1);
}

TEST_CASE("SetYamlField: names what is wrong") {
  CHECK(SetError("listen.socket", "/x") ==
        "--set: listen.socket: there is no such field");
  CHECK(SetError("", "/x") == "--set: there is no such field");
  CHECK(SetError("listen", "/x") == "--set: listen: is a section, not a value");
  CHECK(SetError("log.level.of.this", "x") ==
        "--set: log.level.of.this: goes into a value");
  CHECK(SetError("memory.budget_mib", "lots") ==
        "--set: memory.budget_mib: 'lots' is not a whole number");
  CHECK_THAT(SetError("memory.budget_mib", "{"), Catch::StartsWith("--set:"));
}

TEST_CASE("ForEachYamlField: visits every field that is not a section") {
  std::vector<std::string> paths;
  ForEachYamlField(*v1::Config::descriptor(),
                   [&](const std::string& path) { paths.push_back(path); });
  const std::vector<std::string> expected = {"listen.unix_socket",
                                             "listen.tcp_address",
                                             "metrics.address",
                                             "metrics.allow_remote",
                                             "store.path",
                                             "log.level",
                                             "memory.budget_mib",
                                             "memory.reserve_mib",
                                             "engines.files.roots",
                                             "engines.files.mlock",
                                             "engines.detect",
                                             "engines.servers",
                                             "engines.commands",
                                             "policy.max_concurrent_models",
                                             "policy.switching_timeout",
                                             "policy.resource_aware_switching",
                                             "policy.predictive_preloading",
                                             "policy.max_concurrent_loads",
                                             "policy.memory_price"};
  CHECK(paths == expected);
}

TEST_CASE("ToYaml: prints all fields, and what it prints is read again") {
  v1::Config config = MustMerge(
      "listen: {unix_socket: '/odd: path # \"1\"'}\n"
      "metrics: {address: off}\n"
      "engines: {files: {roots: ['/a b', '- c'], mlock: true},"
      " servers: [{kind: vllm, endpoint: 'http://b:2'}]}\n"
      "policy: {switching_timeout: 1m30s}\n");
  const std::string text = ToYaml(config);
  INFO(text);
  ForEachYamlField(*v1::Config::descriptor(), [&](const std::string& path) {
    CHECK_THAT(text, Catch::Contains(path.substr(path.rfind('.') + 1) + ":"));
  });
  CHECK_THAT(text, Catch::Contains("switching_timeout: 1m30s"));
  const v1::Config again = MustMerge(text);
  CHECK(ToYaml(again) == text);
  CHECK(again.listen().unix_socket() == "/odd: path # \"1\"");
  CHECK(again.metrics().address() == "off");
  CHECK(again.engines().files().roots(1) == "- c");
  CHECK(again.engines().servers(0).endpoint() == "http://b:2");
}

}  // namespace
}  // namespace warmup
