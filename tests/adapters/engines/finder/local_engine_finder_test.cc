#include "adapters/engines/finder/local_engine_finder.h"

#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/fake_engine.h"
#include "tests/support/fake_ollama.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

// A machine with listeners, and what each address answers to whom: kinds that
// are known by nothing but that.
struct Machine {
  Machine() : finder(Options()) {}

  EngineKind Kind(std::string_view kind, std::string_view scheme,
                  std::vector<int> ports, std::string_view word) {
    return {
        .kind = kind,
        .scheme = scheme,
        .usual_ports = std::move(ports),
        .command_words = {word},
        .probe = [this, kind](const EngineSpec& spec, const std::string& token)
            -> absl::StatusOr<std::string> {
          asked.push_back(absl::StrCat(std::string(kind), " ", spec.endpoint,
                                       token.empty() ? "" : " " + token));
          const auto it = servers.find(spec.endpoint);
          if (it == servers.end()) return absl::UnavailableError("refused");
          if (it->second != kind) {
            return absl::FailedPreconditionError(
                absl::StrCat("is no ", std::string(kind)));
          }
          return "1";
        },
        .make =
            [](const EngineSpec& spec, const std::string& token,
               const EngineHooks&) -> absl::StatusOr<std::shared_ptr<Engine>> {
          if (token == "bad") return InvalidField("bearer_token", "is bad");
          return std::make_shared<FakeEngine>(true, spec.id, spec.endpoint);
        }};
  }
  LocalEngineFinder::Options Options() {
    return {
        .is_detecting = true,
        .environment = [this](const char* name) -> const char* {
          const auto it = environment.find(name);
          return it == environment.end() ? nullptr : it->second.c_str();
        },
        .list_listeners = [this] { return listeners; },
        .own_pid = 1,
        .kinds = {Kind("ollama", "http", {11434}, "ollama"),
                  Kind("llama-server", "http", {8080, 9931}, "llama-server"),
                  Kind("kserve", "grpc", {8001}, "tritonserver")}};
  }

  void Listen(const std::string& address, int port, uint64_t inode, int pid,
              const std::string& command, std::vector<int> ancestors = {}) {
    listeners.push_back({.address = address,
                         .port = port,
                         .path = {},
                         .inode = inode,
                         .pid = pid,
                         .ancestors = std::move(ancestors),
                         .command = command});
  }
  std::vector<std::string> Found(const std::vector<EngineSpec>& known = {}) {
    search = finder.Find(known);
    std::vector<std::string> found;
    for (const auto& engine : search.engines) {
      found.push_back(
          absl::StrCat(engine->info().id, " ", engine->info().endpoint));
    }
    return found;
  }

  std::map<std::string, std::string> environment;
  std::vector<Listener> listeners;
  std::map<std::string, std::string> servers;  // kinds by endpoint
  std::vector<std::string> asked;
  EngineSearch search;
  LocalEngineFinder finder;
};

using Names = std::vector<std::string>;

TEST_CASE("LocalEngineFinder: finds servers on their usual ports") {
  Machine machine;
  CHECK(machine.Found().empty());
  CHECK(machine.asked.empty());  // nobody listens
  machine.Listen("0.0.0.0", 11434, 11, 0, "");
  machine.Listen("127.0.0.1", 9931, 12, 0, "");
  machine.Listen("127.0.0.1", 8001, 13, 0, "");
  machine.Listen("127.0.0.1", 5432, 14, 0, "");
  machine.servers = {{"http://127.0.0.1:11434", "ollama"},
                     {"http://127.0.0.1:9931", "llama-server"},
                     {"grpc://127.0.0.1:8001", "kserve"},
                     {"http://127.0.0.1:8001", "something"}};
  CHECK(machine.Found() == Names{"ollama http://127.0.0.1:11434",
                                 "llama-server-9931 http://127.0.0.1:9931",
                                 "kserve grpc://127.0.0.1:8001"});
  CHECK(machine.search.not_taken.empty());
}

TEST_CASE("LocalEngineFinder: finds servers by the names of their processes") {
  Machine machine;
  machine.Listen("127.0.0.1", 4000, 21, 100, "/opt/llama-server -m x");
  machine.Listen("127.0.0.1", 4001, 22, 101, "/opt/ollama serve");
  machine.Listen("127.0.0.1", 4002, 23, 102, "/opt/tritonserver --x");
  machine.Listen("127.0.0.1", 4003, 24, 102, "/opt/tritonserver --x");
  machine.Listen("127.0.0.1", 4004, 25, 103, "postgres");
  machine.listeners.push_back({.address = {},
                               .port = 0,
                               .path = "/run/llm.sock",
                               .inode = 26,
                               .pid = 104,
                               .ancestors = {},
                               .command = "llama-server --host /run/llm.sock"});
  machine.servers = {// A name is but a hint.
                     {"http://127.0.0.1:4000", "ollama"},
                     {"http://127.0.0.1:4001", "ollama"},
                     {"grpc://127.0.0.1:4002", "web"},
                     {"http://127.0.0.1:4002", "web"},
                     {"grpc://127.0.0.1:4003", "kserve"},
                     {"unix:/run/llm.sock", "llama-server"}};
  CHECK(machine.Found() == Names{"ollama-4000 http://127.0.0.1:4000",
                                 "ollama-4001 http://127.0.0.1:4001",
                                 "kserve-4003 grpc://127.0.0.1:4003",
                                 "llama-server-llm unix:/run/llm.sock"});
  // The other port of a server that was taken is not worth a word.
  CHECK(machine.search.not_taken.empty());
}

TEST_CASE("LocalEngineFinder: workers of servers and of ours are no servers") {
  Machine machine;
  machine.Listen("127.0.0.1", 11434, 31, 100, "ollama serve");
  machine.Listen("127.0.0.1", 4001, 32, 101, "ollama runner", {100, 7});
  machine.Listen("127.0.0.1", 4002, 33, 102, "llama-server -m x", {1});
  machine.servers = {{"http://127.0.0.1:11434", "ollama"},
                     {"http://127.0.0.1:4001", "llama-server"},
                     {"http://127.0.0.1:4002", "llama-server"}};
  CHECK(machine.Found() == Names{"ollama http://127.0.0.1:11434"});
}

TEST_CASE("LocalEngineFinder: finds servers where the environment says") {
  Machine machine;
  machine.environment = {{"OLLAMA_HOST", "https://far.example"},
                         {"LLAMA_ARG_PORT", "9000"}};
  machine.servers = {{"https://far.example:443", "ollama"},
                     {"http://127.0.0.1:9000", "llama-server"}};
  CHECK(machine.Found() ==
        Names{"ollama-far.example-443 https://far.example:443",
              "llama-server-9000 http://127.0.0.1:9000"});
  machine.environment = {{"LLAMA_ARG_HOST", "/run/l.sock"}};
  machine.servers = {{"unix:/run/l.sock", "llama-server"}};
  CHECK(machine.Found() == Names{"llama-server-l unix:/run/l.sock"});
}

TEST_CASE("LocalEngineFinder: says why one is not taken, and asks it once") {
  Machine machine;
  machine.Listen("127.0.0.1", 8080, 41, 100, "my-web-app");
  machine.servers = {{"http://127.0.0.1:8080", "web"}};
  for (int round = 0; round < 3; ++round) {
    CHECK(machine.Found().empty());
    REQUIRE(machine.search.not_taken.size() == 1);
    CHECK(machine.search.not_taken[0].endpoint == "http://127.0.0.1:8080");
    CHECK(machine.search.not_taken[0].why ==
          "what answers there is none of ollama, llama-server");
    CHECK(machine.asked.size() == 2);
  }
  // Another one listens there now.
  machine.listeners[0].inode = 42;
  machine.servers = {{"http://127.0.0.1:8080", "llama-server"}};
  CHECK(machine.Found() == Names{"llama-server http://127.0.0.1:8080"});
}

TEST_CASE("LocalEngineFinder: who does not answer yet is asked again") {
  Machine machine;
  machine.Listen("127.0.0.1", 4000, 51, 100, "llama-server");
  CHECK(machine.Found().empty());
  REQUIRE(machine.search.not_taken.size() == 1);
  CHECK(machine.search.not_taken[0].why == "refused");
  machine.servers = {{"http://127.0.0.1:4000", "llama-server"}};
  CHECK(machine.Found().size() == 1);
}

TEST_CASE("LocalEngineFinder: what is known is not found again") {
  Machine machine;
  machine.Listen("::", 11434, 61, 0, "");
  machine.Listen("127.0.0.1", 8080, 62, 0, "");
  machine.servers = {{"http://[::1]:11434", "ollama"},
                     {"http://127.0.0.1:8080", "llama-server"}};
  const EngineSpec mine = {.id = "mine",
                           .kind = "ollama",
                           .endpoint = "http://localhost:11434",
                           .token_file = {}};
  EngineSpec namesake = mine;
  namesake.id = "llama-server";
  namesake.endpoint = "http://10.0.0.5:1";
  CHECK(machine.Found({mine, namesake}).empty());
  REQUIRE(machine.search.not_taken.size() == 1);
  CHECK(machine.search.not_taken[0].why ==
        "another engine is called \"llama-server\"");
}

TEST_CASE("LocalEngineFinder: makes what it is told of") {
  Machine machine;
  machine.servers = {{"http://10.0.0.5:8080", "llama-server"}};
  const TempFolder folder;
  std::ofstream(folder.File("token")) << " s3cret\n";
  EngineSpec spec;
  spec.endpoint = "http://10.0.0.5:8080";
  spec.token_file = folder.File("token");
  const auto engine = machine.finder.Make(spec);
  REQUIRE(engine.ok());
  CHECK((*engine)->info().id == "llama-server-10.0.0.5");
  CHECK(machine.asked.back() == "llama-server http://10.0.0.5:8080 s3cret");
  // With its kind named it need not be there.
  machine.asked.clear();
  spec = {.id = "mine",
          .kind = "ollama",
          .endpoint = "http://a:1",
          .token_file = {}};
  CHECK((*machine.finder.Make(spec))->info().id == "mine");
  CHECK(machine.asked.empty());
}

TEST_CASE("LocalEngineFinder: refuses what it cannot make, naming the field") {
  Machine machine;
  const TempFolder folder;
  const auto why = [&](const EngineSpec& spec) {
    return std::string(machine.finder.Make(spec).status().message());
  };
  EngineSpec spec = {
      .id = {}, .kind = "?", .endpoint = "http://a:1", .token_file = {}};
  CHECK_THAT(why(spec), Catch::Contains("kind") &&
                            Catch::Contains("ollama, llama-server, kserve"));
  spec.kind = "ollama";
  spec.id = "a b";
  CHECK_THAT(why(spec), Catch::Contains("engine_id"));
  spec.id = "a";
  spec.token_file = folder.File("nothing");
  CHECK_THAT(why(spec), Catch::Contains("cannot be read"));
  spec.token_file = folder.path();
  CHECK_THAT(why(spec), Catch::Contains("cannot be read"));
  spec.token_file = "/dev/zero";
  CHECK_THAT(why(spec), Catch::Contains("holds no token"));
  spec.token_file = "/dev/null";
  CHECK_THAT(why(spec), Catch::Contains("holds no token"));
  spec.kind = "";
  spec.token_file = "";
  CHECK(absl::IsUnavailable(machine.finder.Make(spec).status()));
  machine.servers = {{"http://a:1", "web"}};
  CHECK(GetErrorDetails(machine.finder.Make(spec).status()).reason ==
        "NO_KNOWN_ENGINE");
}

TEST_CASE("LocalEngineFinder: tells a real kind by its answers") {
  FakeOllama ollama;
  LocalEngineFinder finder({.environment = {}, .list_listeners = [] {
                              return std::vector<Listener>();
                            }});
  const auto engine = finder.Make(
      {.id = {}, .kind = {}, .endpoint = ollama.endpoint(), .token_file = {}});
  INFO(engine.status().ToString());
  REQUIRE(engine.ok());
  CHECK((*engine)->info().kind == "ollama");
  const auto wrong = finder.Make(
      {.id = {}, .kind = "ollama", .endpoint = "ftp://x", .token_file = {}});
  CHECK_THAT(std::string(wrong.status().message()),
             Catch::Contains("endpoint"));
  // Where nobody is, none has a kind.
  for (const char* scheme : {"http://", "grpc://"}) {
    const absl::Status nobody =
        finder
            .Make({.id = {},
                   .kind = {},
                   .endpoint = std::string(scheme) + "127.0.0.1:1",
                   .token_file = {}})
            .status();
    INFO(nobody.ToString());
    CHECK(absl::IsUnavailable(nobody));
    CHECK_THAT(std::string(nobody.message()),
               Catch::Contains("engine \"127.0.0.1:1\""));
  }
}

}  // namespace
}  // namespace warmup
