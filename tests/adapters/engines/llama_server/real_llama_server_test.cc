// The adapter on a real llama-server, whose users know nothing of it.

#include "tests/support/real_llama_server.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "tests/adapters/engines/llama_server/llama_server_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/streamed_request.h"

namespace warmup {
namespace {

// A server, and the engine on it.
struct Real {
  explicit Real(const std::vector<std::string>& flags = {"--metrics"},
                const std::string& single = "")
      : server({.program = WARMUP_LLAMA_SERVER,
                .models = WARMUP_TINY_MODELS,
                .single = single,
                .flags = flags}),
        on(server.endpoint(), kLlamaServerUnloadTimeout) {}

  bool HasChild(const std::string& model) {
    return !server.process().Processes(server.ChildOf(model)).empty();
  }
  int64_t AwaitUses(const std::string& model) {
    int64_t uses = 0;
    Eventually([&] { return (uses += on.LookAt(model).uses) > 0; });
    return uses;
  }

  RealLlamaServer server;
  EngineOn on;
};

TEST_CASE("A real llama-server: tells its models, loading none",
          "[.llama-server]") {
  Real real;
  const auto specs = real.on.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 4);
  CHECK(specs->at(1).id == "embedder");
  CHECK(specs->at(1).type == ModelType::kEmbedding);
  CHECK(specs->at(2).id == "small");
  CHECK(specs->at(2).size_bytes > 50'000'000);
  const auto small = real.on.engine.Describe(specs->at(2));
  REQUIRE(small.ok());
  CHECK(small->architecture == "llama");
  CHECK(small->context_length == 512);
  CHECK(small->format == "gguf");
  for (int i = 0; i < 3; ++i) real.on.LookAtAll({"tiny", "small", "broken"});
  for (const char* model : {"tiny", "small", "broken", "embedder"}) {
    CHECK_FALSE(real.HasChild(model));
  }
  CHECK(real.on.engine.info().version == "b11434-unknown");
  CHECK(real.on.engine.info().abilities.can_load);
}

TEST_CASE("A real llama-server: loads, sees uses, unloads", "[.llama-server]") {
  const bool has_metrics = GENERATE(true, false);
  Real real(has_metrics ? std::vector<std::string>{"--metrics"}
                        : std::vector<std::string>());
  const std::string model = GENERATE(as<std::string>{}, "small", "embedder");
  CAPTURE(has_metrics, model);
  const LoadResult result = real.on.LoadOk(model);
  CHECK(real.server.StatusOf(model) == "loaded");
  CHECK(result.residency.tier == Tier::kReady);
  CHECK(result.residency.resident_bytes >=
        (model == "small" ? 50'000'000 : 5'000'000));
  CHECK(real.on.LookAt(model).uses == 0);
  REQUIRE(real.server.Use(model).ok());
  CHECK(real.AwaitUses(model) == 1);
  CHECK(real.on.LookAt(model).uses == 0);
  CHECK(real.on.engine.info().abilities.shows_use);
  REQUIRE(real.on.Unload(model).ok());
  CHECK_FALSE(real.HasChild(model));
  const Sighting after = real.on.LookAt(model);
  CHECK(after.residency.tier == Tier::kCold);
  CHECK_FALSE(after.was_unloaded);
}

// A question to a process that is ending keeps it from that for 10 s.
TEST_CASE("A real llama-server: looks do not delay our unloads",
          "[.llama-server]") {
  Real real;
  std::atomic<bool> is_over = false;
  std::thread looks([&] {
    while (!is_over) {
      static_cast<void>(real.on.engine.Look({SpecOf("tiny")}));
    }
  });
  for (int i = 0; i < 40; ++i) {
    CHECK(real.on.Load("tiny").ok());
    const absl::Time start = absl::Now();
    const absl::Status status = real.on.Unload("tiny");
    CHECK(status.ok());
    CHECK(absl::Now() - start < absl::Seconds(5));
  }
  is_over = true;
  looks.join();
}

TEST_CASE("A real llama-server: what others do is seen", "[.llama-server]") {
  Real real;
  real.on.LookAt("tiny");
  REQUIRE(real.server.Use("tiny").ok());  // which loads it
  const Sighting used = real.on.LookAt("tiny");
  CHECK(used.residency.tier == Tier::kReady);
  CHECK(used.uses == 1);
  REQUIRE(real.server.Post("/models/unload", R"({"model":"tiny"})").ok());
  REQUIRE(
      Eventually([&] { return real.server.StatusOf("tiny") == "unloaded"; }));
  CHECK(real.on.LookAt("tiny").was_unloaded);
}

TEST_CASE("A real llama-server: looks let a model sleep, a load wakes it",
          "[.llama-server]") {
  const bool has_metrics = GENERATE(true, false);
  std::vector<std::string> flags = {"--sleep-idle-seconds", "1"};
  if (has_metrics) flags.emplace_back("--metrics");
  Real real(flags);
  CAPTURE(has_metrics);
  real.on.LoadOk("tiny");
  CHECK(real.on.IsReady("tiny"));
  REQUIRE(Eventually([&] { return !real.on.IsReady("tiny"); }));
  CHECK(real.server.StatusOf("tiny") == "sleeping");
  for (int i = 0; i < 10; ++i) CHECK_FALSE(real.on.IsReady("tiny"));
  CHECK(real.server.StatusOf("tiny") == "sleeping");
  CHECK(real.on.engine.info().abilities.shows_use == has_metrics);
  real.on.LoadOk("tiny");
  CHECK(real.server.StatusOf("tiny") == "loaded");
  CHECK(real.on.LookAt("tiny").uses == 0);
  REQUIRE(Eventually([&] { return !real.on.IsReady("tiny"); }));
  CHECK(real.on.Unload("tiny").ok());
  CHECK_FALSE(real.HasChild("tiny"));
}

TEST_CASE("A real llama-server: a damaged file is told as such",
          "[.llama-server]") {
  Real real;
  const absl::Status status = real.on.Load("broken").status();
  INFO(status.ToString());
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MODEL_DAMAGED");
  CHECK_THAT(std::string(status.message()), Catch::Contains("broken.gguf"));
  CHECK(ReasonOf(real.on.Load("nobody").status()) == "MODEL_NOT_FOUND");
}

TEST_CASE("A real llama-server: in use it is neither unloaded nor pushed out",
          "[.llama-server]") {
  Real real({"--metrics", "--models-max", "1"});
  real.on.LoadOk("small");
  StreamedRequest stream(real.server.endpoint(), "/completion",
                         real.server.StreamOf("small", 100'000));
  REQUIRE(stream.AwaitBegun());
  CHECK(real.on.LookAt("small").is_busy);
  const absl::Status limit = real.on.Load("tiny").status();
  INFO(limit.ToString());
  CHECK(ReasonOf(limit) == "MODEL_LIMIT_REACHED");
  EngineOn hasty(real.server.endpoint());
  CHECK(ReasonOf(hasty.Unload("small")) == "MEMORY_IN_USE");
  CHECK(real.HasChild("small"));
}

TEST_CASE("A real llama-server: makes room for a load", "[.llama-server]") {
  Real real({"--metrics", "--models-max", "1"});
  real.on.LoadOk("small");
  real.on.LookAtAll({"small", "tiny"});
  real.on.LoadOk("tiny");
  const auto sightings = real.on.LookAtAll({"small", "tiny"});
  CHECK(sightings[0].residency.tier == Tier::kCold);
  CHECK_FALSE(sightings[0].was_unloaded);
  CHECK(sightings[1].residency.tier == Tier::kReady);
}

TEST_CASE("A real llama-server: a model's process killed, or told to end",
          "[.llama-server]") {
  Real real;
  real.on.LoadOk("tiny");
  CHECK(real.on.IsReady("tiny"));
  const int signal = GENERATE(SIGKILL, SIGTERM);
  CAPTURE(signal);
  REQUIRE(real.server.process().SignalTo(real.server.ChildOf("tiny"), signal) ==
          1);
  REQUIRE(Eventually([&] { return !real.on.IsReady("tiny"); }));
  if (signal == SIGTERM) CHECK(real.server.StatusOf("tiny") == "loaded");
  CHECK_FALSE(real.on.LookAt("tiny").was_unloaded);
  real.on.LoadOk("tiny");
  CHECK(real.on.IsReady("tiny"));
  CHECK(real.server.Use("tiny").ok());
}

TEST_CASE("A real llama-server: killed and restarted empty",
          "[.llama-server]") {
  Real real;
  real.on.LoadOk("tiny");
  real.server.process().Kill();
  CHECK(absl::IsUnavailable(real.on.engine.Look({SpecOf("tiny")}).status()));
  CHECK(absl::IsUnavailable(real.on.Load("tiny").status()));
  real.server.process().Start();
  CHECK_FALSE(real.on.IsReady("tiny"));
  real.on.LoadOk("tiny");
  CHECK(real.on.IsReady("tiny"));
}

TEST_CASE("A real llama-server: concurrent loads are one, or several",
          "[.llama-server]") {
  Real real;
  EngineOn other(real.server.endpoint());
  BackgroundLoad small(real.on.engine, SpecOf("small"));
  BackgroundLoad again(other.engine, SpecOf("small"));
  BackgroundLoad tiny(real.on.engine, SpecOf("tiny"));
  for (BackgroundLoad* load : {&small, &again, &tiny}) {
    INFO(load->Result().status().ToString());
    CHECK(load->Result().ok());
  }
  CHECK(real.server.process().Processes(real.server.ChildOf("small")).size() ==
        1);
}

TEST_CASE("A real llama-server: a cancelled load leaves nothing behind",
          "[.llama-server]") {
  Real real;
  real.server.HoldLoads(true);
  BackgroundLoad load(real.on.engine, SpecOf("small"));
  REQUIRE(
      Eventually([&] { return real.server.StatusOf("small") == "loading"; }));
  CHECK(real.on.LookAt("small").is_loading);
  CHECK_FALSE(load.has_ended());
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK_FALSE(real.HasChild("small"));
  real.server.HoldLoads(false);
  real.on.LoadOk("small");
}

TEST_CASE("A real llama-server: of one model, which sleeps and is woken",
          "[.llama-server]") {
  Real real({"--metrics", "--sleep-idle-seconds", "1"}, "small");
  const auto specs = real.on.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 1);
  CHECK(specs->at(0).id == "small");
  CHECK(specs->at(0).size_bytes > 50'000'000);
  CHECK_FALSE(real.on.engine.info().abilities.can_load);
  CHECK(real.on.engine.info().version == "b11434-unknown");
  CHECK(real.on.IsReady("small"));
  REQUIRE(real.server.Use("small").ok());
  CHECK(real.AwaitUses("small") == 1);
  CHECK(ReasonOf(real.on.Unload("small")) == "ENGINE_CANNOT_UNLOAD");
  REQUIRE(Eventually([&] { return !real.on.IsReady("small"); }));
  CHECK(real.on.Unload("small").ok());
  real.on.LoadOk("small");
  CHECK(real.on.LookAt("small").uses == 0);
  real.server.process().Kill();
  CHECK(absl::IsUnavailable(real.on.engine.Look({SpecOf("small")}).status()));
  real.server.process().Start();
  real.on.LoadOk("small");
}

}  // namespace
}  // namespace warmup
