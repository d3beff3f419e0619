#include "server/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

constexpr int64_t kMib = int64_t{1} << 20;

// Where a test's configuration comes from: nothing but what it says itself.
struct Sources {
  std::map<std::string, std::string> environment = {
      {"HOME", "/home/ada"}, {"XDG_RUNTIME_DIR", "/run/user/7"}};
  std::string file;
  std::vector<std::string> sets;
  bool is_root = false;

  absl::StatusOr<v1::Config> Load() const {
    ConfigSources sources;
    sources.file = file;
    sources.sets = sets;
    sources.is_root = is_root;
    sources.machine_bytes = 10'000 * kMib;
    sources.getenv = [this](const char* name) -> const char* {
      const auto it = environment.find(name);
      return it == environment.end() ? nullptr : it->second.c_str();
    };
    return LoadConfig(sources);
  }
  v1::Config MustLoad() const {
    const auto config = Load();
    INFO(config.status().ToString());
    REQUIRE(config.ok());
    return *config;
  }
  // Of a field that is wrong: its name; the message starts with it.
  std::string WrongField() const {
    const absl::Status status = Load().status();
    INFO(status.ToString());
    REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
    const std::string field = GetErrorDetails(status).metadata["field"];
    CHECK_THAT(std::string(status.message()), Catch::Contains(field + ": "));
    return field;
  }
};

Sources WithSet(const std::string& set) {
  Sources sources;
  sources.sets = {set};
  return sources;
}

// A configuration file that goes with the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(folder_.File("warmupd.yaml")) {
    std::ofstream(path_) << text;
  }

  std::string folder() const { return folder_.path(); }
  const std::string& path() const { return path_; }

 private:
  TempFolder folder_;
  const std::string path_;
};

TEST_CASE("LoadConfig: every default of a user's daemon") {
  const v1::Config config = Sources().MustLoad();
  CHECK(config.listen().unix_socket() == "/run/user/7/warmupd.sock");
  CHECK(config.listen().tcp_address().empty());
  CHECK(config.metrics().address() == "127.0.0.1:9464");
  CHECK_FALSE(config.metrics().allow_remote());
  CHECK(config.store().path() == "/home/ada/.local/state/warmupd/warmupd.db");
  CHECK(config.log().level() == "info");
  CHECK(config.memory().budget_mib() == 5'000);
  CHECK(config.memory().reserve_mib() == 500);
  CHECK(config.engines().has_files());
  CHECK(config.engines().files().roots_size() == 0);
  CHECK_FALSE(config.engines().files().mlock());
  CHECK(config.policy().max_concurrent_models() == 0);
  CHECK(config.policy().switching_timeout().seconds() == 300);
  CHECK(config.policy().resource_aware_switching());
  CHECK(config.policy().predictive_preloading());
  CHECK(config.policy().max_concurrent_loads() == 1);
  CHECK(PolicyFromConfig(config.policy()) == SwitchingPolicy{});
}

TEST_CASE("LoadConfig: where the system's daemon and XDG have their files") {
  Sources root;
  root.environment = {{"HOME", "/root"}};
  root.is_root = true;
  CHECK(root.MustLoad().listen().unix_socket() == "/run/warmupd/warmupd.sock");
  CHECK(root.MustLoad().store().path() == "/var/lib/warmupd/warmupd.db");
  Sources xdg;
  xdg.environment["XDG_STATE_HOME"] = "/state";
  CHECK(xdg.MustLoad().store().path() == "/state/warmupd/warmupd.db");
}

TEST_CASE("LoadConfig: flag over environment over file over default") {
  const ConfigFile file(
      "log: {level: debug}\n"
      "memory: {budget_mib: 100, reserve_mib: 100}\n"
      "policy: {max_concurrent_loads: 2}\n");
  Sources sources;
  sources.file = file.path();
  sources.environment["WARMUPD_MEMORY_BUDGET_MIB"] = "200";
  sources.environment["WARMUPD_MEMORY_RESERVE_MIB"] = "200";
  sources.sets = {"memory.budget_mib=300"};
  const v1::Config config = sources.MustLoad();
  CHECK(config.memory().budget_mib() == 300);
  CHECK(config.memory().reserve_mib() == 200);
  CHECK(config.log().level() == "debug");
  CHECK(config.policy().max_concurrent_loads() == 2);
  CHECK(config.metrics().address() == "127.0.0.1:9464");
}

TEST_CASE("LoadConfig: the last of several flags for a field counts") {
  Sources sources;
  sources.sets = {"log.level=debug", "log.level=error"};
  CHECK(sources.MustLoad().log().level() == "error");
}

TEST_CASE("LoadConfig: every field has its variable") {
  Sources sources;
  sources.environment["WARMUPD_LISTEN_UNIX_SOCKET"] = "/s";
  sources.environment["WARMUPD_LISTEN_TCP_ADDRESS"] = "[::1]:0";
  sources.environment["WARMUPD_METRICS_ADDRESS"] = "0.0.0.0:1";
  sources.environment["WARMUPD_METRICS_ALLOW_REMOTE"] = "true";
  sources.environment["WARMUPD_STORE_PATH"] = "/db";
  sources.environment["WARMUPD_LOG_LEVEL"] = "warning";
  sources.environment["WARMUPD_ENGINES_FILES_ROOTS"] = "[/a, ~/b]";
  sources.environment["WARMUPD_ENGINES_FILES_MLOCK"] = "true";
  sources.environment["WARMUPD_POLICY_MAX_CONCURRENT_MODELS"] = "4";
  sources.environment["WARMUPD_POLICY_SWITCHING_TIMEOUT"] = "2m";
  sources.environment["WARMUPD_POLICY_RESOURCE_AWARE_SWITCHING"] = "false";
  sources.environment["WARMUPD_POLICY_PREDICTIVE_PRELOADING"] = "false";
  sources.environment["WARMUPD_POLICY_MAX_CONCURRENT_LOADS"] = "5";
  sources.environment["WARMUPD_POLICY_MEMORY_PRICE"] = "0.5";
  const v1::Config config = sources.MustLoad();
  CHECK(config.listen().unix_socket() == "/s");
  CHECK(config.listen().tcp_address() == "[::1]:0");
  CHECK(config.metrics().address() == "0.0.0.0:1");
  CHECK(config.store().path() == "/db");
  CHECK(config.log().level() == "warning");
  CHECK(config.engines().files().roots(0) == "/a");
  CHECK(config.engines().files().roots(1) == "/home/ada/b");
  CHECK(config.engines().files().mlock());
  const SwitchingPolicy policy = PolicyFromConfig(config.policy());
  CHECK(policy.max_concurrent_models == 4);
  CHECK(policy.switching_timeout == absl::Minutes(2));
  CHECK_FALSE(policy.resource_aware_switching);
  CHECK_FALSE(policy.predictive_preloading);
  CHECK(policy.max_concurrent_loads == 5);
  CHECK(policy.memory_price == 0.5);
}

TEST_CASE("LoadConfig: a memory price is a word or a number") {
  Sources sources;
  CHECK(sources.MustLoad().policy().memory_price() == "eager");
  sources.sets = {"policy.memory_price=frugal"};
  CHECK(PolicyFromConfig(sources.MustLoad().policy()).memory_price > 0);
  sources.sets = {"policy.memory_price=cheap"};
  CHECK_THAT(std::string(sources.Load().status().message()),
             Catch::Contains("policy.memory_price: 'cheap' is none of eager"));
}

TEST_CASE("LoadConfig: reads a list of servers") {
  Sources sources;
  CHECK(sources.MustLoad().engines().servers_size() == 0);
  CHECK(sources.MustLoad().engines().detect());
  const std::string two =
      "[{kind: ollama, endpoint: 'http://a:1'},"
      " {kind: vllm, endpoint: 'http://b:2', engine_id: big,"
      " token_file: /etc/token}]";
  SECTION("on the command line") { sources.sets = {"engines.servers=" + two}; }
  SECTION("in the environment") {
    sources.environment["WARMUPD_ENGINES_SERVERS"] = two;
  }
  const v1::Config config = sources.MustLoad();
  REQUIRE(config.engines().servers_size() == 2);
  CHECK(config.engines().servers(0).endpoint() == "http://a:1");
  CHECK(config.engines().servers(1).kind() == "vllm");
  CHECK(config.engines().servers(1).engine_id() == "big");
  CHECK(config.engines().servers(1).token_file() == "/etc/token");
}

TEST_CASE("LoadConfig: says what is wrong with a server") {
  const std::map<std::string, std::string> wrong = {
      {"x", "engines.servers: must be a list"},
      {"[x]", "engines.servers[0]: must be a map"},
      {"[{kind: a, endpoint: b, port: 1}]", "engines.servers[0].port"},
      {"[{endpoint: 'http://a:1'}]", "engines.servers[0].kind"},
      {"[{kind: ollama}]", "engines.servers[0].endpoint"},
      {"[{kind: ollama, endpoint: b, token_file: x}]",
       "engines.servers[0].token_file"}};
  for (const auto& [text, why] : wrong) {
    Sources sources;
    sources.sets = {"engines.servers=" + text};
    CHECK_THAT(std::string(sources.Load().status().message()),
               Catch::Contains(why));
  }
}

TEST_CASE("LoadConfig: zero and empty mean the default") {
  Sources sources;
  sources.sets = {"memory.budget_mib=0", "memory.reserve_mib=0",
                  "listen.unix_socket=", "store.path="};
  const v1::Config config = sources.MustLoad();
  CHECK(config.memory().budget_mib() == 5'000);
  CHECK(config.memory().reserve_mib() == 500);
  CHECK(config.listen().unix_socket() == "/run/user/7/warmupd.sock");
  CHECK(config.store().path() == "/home/ada/.local/state/warmupd/warmupd.db");
}

TEST_CASE("LoadConfig: an empty file is no configuration, and fine") {
  const ConfigFile file("");
  Sources sources;
  sources.file = file.path();
  CHECK(sources.MustLoad().SerializeAsString() ==
        Sources().MustLoad().SerializeAsString());
}

TEST_CASE("LoadConfig: errors in a file name it with line and column") {
  const ConfigFile file("log:\n  levels: info\n");
  Sources sources;
  sources.file = file.path();
  CHECK_THAT(
      std::string(sources.Load().status().message()),
      Catch::StartsWith(file.path() + ":2:3: log.levels: there is no such"));
}

TEST_CASE("LoadConfig: a file that cannot be read is named") {
  const ConfigFile file("");
  Sources sources;
  sources.file = file.folder() + "/other.yaml";
  absl::Status status = sources.Load().status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(GetErrorDetails(status).reason == "CONFIG_UNREADABLE");
  CHECK(status.message() == "cannot read the configuration '" + sources.file +
                                "': No such file or directory");
  sources.file = file.folder();
  status = sources.Load().status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(status.message()),
             Catch::EndsWith("': Is a directory"));
}

TEST_CASE("LoadConfig: names the variable or flag that is wrong") {
  Sources sources;
  sources.environment["WARMUPD_POLICY_SWITCHING_TIMEOUT"] = "long";
  CHECK_THAT(std::string(sources.Load().status().message()),
             Catch::StartsWith("WARMUPD_POLICY_SWITCHING_TIMEOUT"));
  CHECK(WithSet("memory.budget_mib").WrongField() == "--set");
  CHECK_THAT(std::string(WithSet("memory.budget=1").Load().status().message()),
             Catch::StartsWith("--set: memory.budget: there is no such"));
}

TEST_CASE("LoadConfig: refuses addresses that are none") {
  for (const char* address : {"nowhere", ":80", "127.0.0.1:", "127.0.0.1:x",
                              "127.0.0.1:65536", "127.0.0.1:-1"}) {
    INFO(address);
    CHECK(WithSet(absl::StrCat("listen.tcp_address=", address)).WrongField() ==
          "listen.tcp_address");
    CHECK(WithSet(absl::StrCat("metrics.address=", address)).WrongField() ==
          "metrics.address");
  }
}

TEST_CASE("LoadConfig: listens beyond loopback for metrics only, if told") {
  for (const char* host :
       {"0.0.0.0", "[::]", "192.168.1.2", "example.org", "127.example.org"}) {
    INFO(host);
    CHECK(
        WithSet(absl::StrCat("listen.tcp_address=", host, ":1")).WrongField() ==
        "listen.tcp_address");
    Sources metrics = WithSet(absl::StrCat("metrics.address=", host, ":1"));
    CHECK(metrics.WrongField() == "metrics.address");
    metrics.sets.push_back("metrics.allow_remote=true");
    CHECK(metrics.Load().ok());
  }
  for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "[::1]"}) {
    INFO(host);
    CHECK(WithSet(absl::StrCat("listen.tcp_address=", host, ":0")).Load().ok());
    CHECK(WithSet(absl::StrCat("metrics.address=", host, ":0")).Load().ok());
  }
  CHECK(WithSet("metrics.address=off").Load().ok());
}

TEST_CASE("LoadConfig: refuses values that cannot be") {
  const std::map<std::string, std::string> wrong = {
      {"listen.unix_socket=relative.sock", "listen.unix_socket"},
      {"listen.unix_socket=/" + std::string(107, 'x'), "listen.unix_socket"},
      {"log.level=loud", "log.level"},
      {"log.level=", "log.level"},
      {"memory.budget_mib=-1", "memory.budget_mib"},
      {"memory.reserve_mib=-1", "memory.reserve_mib"},
      {"memory.budget_mib=9223372036854775807", "memory.budget_mib"},
      {"engines.files.roots=models", "engines.files.roots"},
      {"policy.max_concurrent_models=-1", "policy.max_concurrent_models"},
      {"policy.max_concurrent_loads=0", "policy.max_concurrent_loads"},
      {"policy.max_concurrent_loads=65", "policy.max_concurrent_loads"},
  };
  for (const auto& [set, field] : wrong) {
    INFO(set);
    CHECK(WithSet(set).WrongField() == field);
  }
  for (const char* timeout : {"99ms", "-1s", "0", "61m", "90000000h"}) {
    INFO(timeout);
    CHECK_THAT(WithSet(absl::StrCat("policy.switching_timeout=", timeout))
                   .WrongField(),
               Catch::StartsWith("policy.switching_timeout"));
  }
  CHECK(WithSet("listen.unix_socket=/" + std::string(106, 'x')).Load().ok());
}

}  // namespace
}  // namespace warmup
