// Loads and unloads that go well, or are given up.

#include <string>
#include <thread>

#include "tests/adapters/engines/files/disk_files.h"
#include "tests/adapters/engines/ollama/ollama_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {

using nlohmann::json;

TEST_CASE("OllamaEngine: a load is one call without options, and confirmed") {
  Ollama ollama;
  TestControl control;
  const auto result = ollama.engine.Load(Ollama::Spec("a"), control);
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  CHECK(result->residency.tier == Tier::kReady);
  CHECK(result->residency.resident_bytes == FakeOllama::kReadyBytes);
  CHECK(result->start == LoadStart::kUnknown);  // its files are not here
  CHECK(control.done_bytes() == FakeOllama::kFileBytes);
  const std::vector<json> bodies = ollama.fake.Bodies("/api/generate");
  REQUIRE(bodies.size() == 1);
  CHECK(bodies[0] == json({{"model", "a"}, {"keep_alive", "5m"}}));
}

TEST_CASE("OllamaEngine: a second load finds the model ready") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  CHECK(ollama.LoadOk("a:latest").start == LoadStart::kReady);
}

TEST_CASE("OllamaEngine: a load tells how much of its file was in memory") {
  constexpr int64_t kBytes = 8 << 20;
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("blob", kBytes);
  Ollama ollama;
  ollama.fake.Add({.name = "here:latest", .blob = path});
  LoadResult result = ollama.LoadOk("here:latest");
  CHECK(result.start == LoadStart::kCold);
  CHECK(result.read_bytes == kBytes);
  REQUIRE(ollama.engine.Unload(Ollama::Spec("here:latest")).ok());
  MakeWarm(path, 0, kBytes);
  CHECK(ollama.LookAt("here:latest").is_cached);
  CHECK(ollama.LookAt("here:latest").residency.tier == Tier::kCold);
  result = ollama.LoadOk("here:latest");
  CHECK(result.start == LoadStart::kWarm);
  CHECK(result.read_bytes == 0);
}

TEST_CASE("OllamaEngine: an embedder is loaded by embedding nothing") {
  Ollama ollama;
  ollama.LoadOk("e:latest");
  CHECK(ollama.fake.CallCount("/api/generate") == 0);
  CHECK(ollama.fake.Bodies("/api/embed").at(0) ==
        json({{"model", "e:latest"}, {"input", ""}, {"keep_alive", "5m"}}));
  REQUIRE(ollama.engine.Unload(Ollama::Spec("e:latest")).ok());
  CHECK_FALSE(ollama.fake.IsLoaded("e:latest"));
}

TEST_CASE(
    "OllamaEngine: a model that hides what it is is loaded all the same") {
  Ollama ollama;
  ollama.fake.Add({.name = "odd:latest", .family = "x", .is_embedder = true});
  ollama.fake.Add({.name = "gen:latest", .family = "bert"});
  ollama.LoadOk("odd:latest");
  ollama.LoadOk("gen:latest");
}

TEST_CASE("OllamaEngine: asks for nothing that others loaded, while it stays") {
  // Its options may not be ours, which would load it anew.
  Ollama ollama;
  SECTION("for two hours") { ollama.fake.Use("a:latest", absl::Hours(2)); }
  SECTION("for as long as its request runs") {
    ollama.fake.Use("a:latest", absl::Minutes(1));
    ollama.fake.SetExpiry("a:latest", absl::Now() - absl::Seconds(1));
  }
  const LoadResult result = ollama.LoadOk("a:latest");
  CHECK(result.residency.tier == Tier::kReady);
  CHECK(result.residency.resident_bytes == FakeOllama::kReadyBytes);
  CHECK(result.read_bytes == 0);
  CHECK(ollama.fake.CallCount("/api/generate") == 0);
}

TEST_CASE("OllamaEngine: a model that others loaded keeps its keep-alive") {
  Ollama ollama;
  ollama.fake.Use("a:latest", absl::Hours(2));
  ollama.fake.SetExpiry("a:latest", absl::Now() + absl::Seconds(10));
  CHECK(ollama.LoadOk("a:latest").start == LoadStart::kReady);
  CHECK(ollama.fake.Bodies("/api/generate").at(0) ==
        json({{"model", "a:latest"}}));
  CHECK(ollama.fake.ExpiryOf("a:latest") > absl::Now() + absl::Hours(1));
}

TEST_CASE("OllamaEngine: a load takes as long as it takes") {
  Ollama ollama;
  ollama.fake.HoldLoads(true);
  BackgroundLoad load(ollama.engine, "a:latest");
  ollama.fake.AwaitLoading("a:latest");
  // Looks go on meanwhile, and see nothing yet.
  CHECK(ollama.LookAt("a:latest").residency.tier == Tier::kCold);
  ollama.fake.HoldLoads(false);
  CHECK(load.Result().ok());
  CHECK(ollama.LookAt("a:latest").residency.tier == Tier::kReady);
}

TEST_CASE("OllamaEngine: a cancelled load is aborted and leaves nothing") {
  Ollama ollama;
  ollama.fake.HoldLoads(true);
  BackgroundLoad load(ollama.engine, "a:latest");
  ollama.fake.AwaitLoading("a:latest");
  load.Cancel();
  ollama.fake.AwaitAborted(1);
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK_FALSE(ollama.fake.IsLoaded("a:latest"));
}

TEST_CASE("OllamaEngine: a load that ends although cancelled is taken back") {
  Ollama ollama;
  ollama.fake.HoldLoads(true);
  ollama.fake.IgnoreDisconnects();
  BackgroundLoad load(ollama.engine, "a:latest");
  ollama.fake.AwaitLoading("a:latest");
  const int looks = ollama.fake.CallCount("/api/ps");
  load.Cancel();
  // It looks whether the model shows; now it does.
  REQUIRE(
      Eventually([&] { return ollama.fake.CallCount("/api/ps") > looks + 1; }));
  ollama.fake.Use("a:latest", kOllamaKeepAlive);
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK_FALSE(ollama.fake.IsLoaded("a:latest"));
  ollama.fake.HoldLoads(false);
}

TEST_CASE("OllamaEngine: a cancelled load does not take what was there") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  ollama.fake.Hang("/api/generate");
  BackgroundLoad load(ollama.engine, "a:latest");
  REQUIRE(
      Eventually([&] { return ollama.fake.CallCount("/api/generate") == 2; }));
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK(ollama.fake.IsLoaded("a:latest"));
  CHECK(ollama.fake.CallCount("/api/generate") == 2);
}

TEST_CASE("OllamaEngine: two loads of two models go on at once") {
  Ollama ollama;
  ollama.fake.HoldLoads(true);
  BackgroundLoad first(ollama.engine, "a:latest");
  BackgroundLoad second(ollama.engine, "b:latest");
  ollama.fake.AwaitLoading("a:latest");
  ollama.fake.AwaitLoading("b:latest");
  ollama.fake.HoldLoads(false);
  CHECK(first.Result().ok());
  CHECK(second.Result().ok());
}

TEST_CASE("OllamaEngine: an unload returns when the model is gone") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  const absl::Status status = ollama.engine.Unload(Ollama::Spec("a:latest"));
  INFO(status.ToString());
  CHECK(status.ok());
  CHECK_FALSE(ollama.fake.IsLoaded("a:latest"));
  CHECK(ollama.fake.Bodies("/api/generate").back() ==
        json({{"model", "a:latest"}, {"keep_alive", 0}}));
  // Again, and of what never was.
  CHECK(ollama.engine.Unload(Ollama::Spec("a:latest")).ok());
  CHECK(ollama.engine.Unload(Ollama::Spec("nobody")).ok());
  CHECK(ollama.fake.CallCount("/api/generate") == 2);
}

TEST_CASE("OllamaEngine: an unload waits for a stream to end") {
  Ollama ollama;
  ollama.fake.BeginStream("a:latest", absl::Minutes(5));
  absl::Status status;
  std::thread unload(
      [&] { status = ollama.engine.Unload(Ollama::Spec("a:latest")); });
  const bool is_waiting =
      Eventually([&] { return ollama.fake.CallCount("/api/ps") > 4; });
  ollama.fake.EndStream("a:latest");
  unload.join();
  CHECK(is_waiting);
  INFO(status.ToString());
  CHECK(status.ok());
  CHECK_FALSE(ollama.fake.IsLoaded("a:latest"));
}

TEST_CASE("OllamaEngine: an unload that does not come about says so") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  SECTION("because it hangs") { ollama.fake.HoldUnloads(); }
  SECTION("because the model was deleted while it was loaded") {
    ollama.fake.Delete("a:latest");
  }
  const absl::Status status = ollama.engine.Unload(Ollama::Spec("a:latest"));
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  CHECK(GetErrorDetails(status).metadata.at("model") == "a:latest");
  CHECK(ollama.LookAt("a:latest").residency.tier == Tier::kReady);
}

TEST_CASE("OllamaEngine: two names of one model share its runner") {
  Ollama ollama;
  ollama.fake.Add({.name = "alias:latest", .digest = "sha256:a:latest"});
  ollama.LoadOk("alias:latest");
  CHECK(ollama.LoadOk("a:latest").start == LoadStart::kReady);
  for (const Sighting& sighting : ollama.LookAtAll({"a", "alias"})) {
    CHECK(sighting.residency.tier == Tier::kReady);
  }
  REQUIRE(ollama.engine.Unload(Ollama::Spec("a")).ok());
  CHECK_FALSE(ollama.fake.IsLoaded("a:latest"));
}

TEST_CASE("OllamaEngine: two models on one file share a runner") {
  // As `ollama create` with a system prompt makes them: other digest, same
  // blob. The fake loads by digest, so the runner is there by another's use.
  Ollama ollama;
  ollama.fake.Add({.name = "mine:latest", .blob = "/blobs/sha256:a:latest"});
  ollama.fake.Use("a:latest", absl::Minutes(5));
  ollama.fake.LieAboutLoads();  // it is loaded, under the other name
  const auto result = ollama.Load("mine:latest");
  INFO(result.status().ToString());
  CHECK(result.ok());
  CHECK(ollama.LookAt("mine:latest").residency.tier == Tier::kReady);
}

}  // namespace warmup
