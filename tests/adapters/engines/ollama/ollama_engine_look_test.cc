// What looks see, and what they renew.

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/adapters/engines/ollama/ollama_fixture.h"

namespace warmup {

TEST_CASE("OllamaEngine: a look is one call and changes nothing") {
  Ollama ollama;
  ollama.fake.Use("a:latest", absl::Minutes(5));
  const auto sightings = ollama.LookAtAll({"b:latest", "a", "nobody"});
  CHECK(sightings[0].residency.tier == Tier::kCold);
  CHECK(sightings[1].residency.tier == Tier::kReady);
  CHECK(sightings[1].residency.resident_bytes == FakeOllama::kReadyBytes);
  CHECK(sightings[2].residency.tier == Tier::kCold);
  for (const Sighting& sighting : sightings) CHECK(sighting.uses == 0);
  CHECK(ollama.fake.CallCount("/api/ps") == 1);
  CHECK(ollama.fake.CallCount("/api/generate") == 0);
  CHECK(ollama.engine.Look({})->empty());
}

TEST_CASE("OllamaEngine: sees a use, once") {
  Ollama ollama;
  ollama.fake.Use("a:latest", absl::Minutes(5));
  ollama.LookAt("a:latest");
  ollama.LookAt("a:latest");
  ollama.fake.Use("a:latest", absl::Minutes(5));
  CHECK(ollama.LookAt("a:latest").uses == 1);
  CHECK(ollama.LookAt("a:latest").uses == 0);
  // And of one that others loaded.
  ollama.fake.Use("b:latest", absl::Minutes(5));
  CHECK(ollama.LookAtAll({"a:latest", "b:latest"})[1].uses == 1);
}

TEST_CASE("OllamaEngine: our own loads, renewals and unloads are no use") {
  Ollama ollama;
  if (GENERATE(false, true)) ollama.fake.ShowExpiryLate();
  ollama.LookAt("a:latest");
  ollama.LoadOk("a:latest");
  CHECK(ollama.LookAt("a:latest").uses == 0);
  CHECK(ollama.LookAt("a:latest").uses == 0);
  ollama.LoadOk("a:latest");
  CHECK(ollama.LookAt("a:latest").uses == 0);
  ollama.fake.SetExpiry("a:latest", absl::Now() + absl::Minutes(1));
  // The time that was moved by hand counts, the renewal does not.
  CHECK(ollama.LookAt("a:latest").uses == 1);
  CHECK(ollama.LookAt("a:latest").uses == 0);
  REQUIRE(ollama.engine.Unload(Ollama::Spec("a:latest")).ok());
  CHECK(ollama.LookAt("a:latest").uses == 0);
}

TEST_CASE("OllamaEngine: a use after our load is seen") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  CHECK(ollama.LookAt("a:latest").uses == 0);
  ollama.fake.Use("a:latest", absl::Minutes(7));
  CHECK(ollama.LookAt("a:latest").uses == 1);
}

TEST_CASE("OllamaEngine: a stream makes a model busy") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  ollama.fake.BeginStream("a:latest", absl::Minutes(5));
  CHECK_FALSE(ollama.LookAt("a:latest").is_busy);  // nothing shows it yet
  ollama.fake.SetExpiry("a:latest", absl::Now() - absl::Seconds(1));
  CHECK(ollama.LookAt("a:latest").is_busy);
  ollama.fake.EndStream("a:latest");
  CHECK_FALSE(ollama.LookAt("a:latest").is_busy);
}

TEST_CASE("OllamaEngine: a first stream makes a model busy") {
  Ollama ollama;
  ollama.LookAt("a:latest");
  ollama.fake.BeginStream("a:latest", absl::Minutes(5));
  CHECK(ollama.LookAt("a:latest").uses == 1);
  const Sighting during = ollama.LookAt("a:latest");
  CHECK(during.is_busy);
  CHECK(during.uses == 0);
  ollama.fake.EndStream("a:latest");
}

TEST_CASE("OllamaEngine: renews what it has loaded, when it soon expires") {
  Ollama ollama;
  const std::string name = GENERATE(as<std::string>{}, "a:latest", "e:latest");
  ollama.LoadOk(name);
  const absl::Time loaded = ollama.fake.ExpiryOf(name);
  ollama.LookAt(name);
  CHECK(ollama.fake.ExpiryOf(name) == loaded);
  ollama.fake.SetExpiry(name, absl::Now() + absl::Minutes(1));
  // Only when it is asked about: a model that nobody wants may go.
  ollama.LookAt("b:latest");
  CHECK(ollama.fake.ExpiryOf(name) < absl::Now() + absl::Minutes(2));
  ollama.LookAt(name);
  CHECK(ollama.fake.ExpiryOf(name) > absl::Now() + absl::Minutes(4));
}

TEST_CASE("OllamaEngine: never renews what others loaded") {
  Ollama ollama;
  ollama.fake.Use("a:latest", absl::Minutes(1));
  ollama.LookAt("a:latest");
  SECTION("nor after a load of ours on top of it") {
    ollama.LoadOk("a:latest");
  }
  SECTION("nor when ours was gone in between") {
    ollama.fake.Drop("a:latest");
    ollama.LoadOk("a:latest");
    ollama.fake.Restart();
    ollama.LookAt("a:latest");
    ollama.fake.Use("a:latest", absl::Minutes(1));
  }
  const int calls = ollama.fake.CallCount("/api/generate");
  ollama.LookAt("a:latest");
  CHECK(ollama.fake.CallCount("/api/generate") == calls);
}

TEST_CASE("OllamaEngine: never renews what a user loaded anew, with options") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  ollama.fake.SetContextLength("a:latest", 8192);
  ollama.fake.SetExpiry("a:latest", absl::Now() + absl::Minutes(1));
  const int calls = ollama.fake.CallCount("/api/generate");
  ollama.LookAt("a:latest");
  CHECK(ollama.fake.CallCount("/api/generate") == calls);
}

TEST_CASE("OllamaEngine: never renews what is busy or being unloaded") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  SECTION("busy") {
    ollama.fake.SetExpiry("a:latest", absl::Now() - absl::Seconds(1));
  }
  SECTION("being unloaded, though that hangs") {
    ollama.fake.HoldUnloads();
    CHECK_FALSE(ollama.engine.Unload(Ollama::Spec("a:latest")).ok());
    ollama.fake.SetExpiry("a:latest", absl::Now() + absl::Minutes(1));
  }
  const int calls = ollama.fake.CallCount("/api/generate");
  ollama.LookAt("a:latest");
  CHECK(ollama.fake.CallCount("/api/generate") == calls);
}

TEST_CASE("OllamaEngine: a renewal that fails is tried again") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  ollama.fake.SetExpiry("a:latest", absl::Now() + absl::Minutes(1));
  ollama.fake.Answer("/api/generate", 500, R"({"error":"runner is ill"})");
  CHECK(ollama.LookAt("a:latest").residency.tier == Tier::kReady);
  ollama.fake.Heal();
  ollama.LookAt("a:latest");
  CHECK(ollama.fake.ExpiryOf("a:latest") > absl::Now() + absl::Minutes(4));
}

TEST_CASE("OllamaEngine: uses of a shared runner go to the name that shows") {
  Ollama ollama;
  ollama.fake.Add({.name = "alias:latest", .digest = "sha256:a:latest"});
  REQUIRE(ollama.engine.Discover().ok());
  ollama.LookAt("a");
  ollama.LookAt("a");
  ollama.fake.Use("a:latest", absl::Minutes(5));
  auto sightings = ollama.LookAtAll({"alias", "a"});
  CHECK(sightings[0].uses == 0);
  CHECK(sightings[1].uses == 1);
  // Unless only the other name is asked about.
  ollama.fake.Use("a:latest", absl::Minutes(6));
  CHECK(ollama.LookAt("alias").uses == 1);
}

TEST_CASE("OllamaEngine: tells what its user unloaded by hand") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  CHECK_FALSE(ollama.LookAt("a:latest").was_unloaded);
  ollama.fake.Drop("a:latest");
  CHECK(ollama.LookAt("a:latest").was_unloaded);
  CHECK_FALSE(ollama.LookAt("a:latest").was_unloaded);
  // Our own are none.
  ollama.LoadOk("a:latest");
  REQUIRE(ollama.engine.Unload(Ollama::Spec("a:latest")).ok());
  CHECK_FALSE(ollama.LookAt("a:latest").was_unloaded);
}

TEST_CASE("OllamaEngine: an engine that restarts empty is seen so") {
  Ollama ollama;
  ollama.LoadOk("a:latest");
  ollama.fake.Restart();
  CHECK(ollama.LookAt("a:latest").residency.tier == Tier::kCold);
  ollama.LoadOk("a:latest");
}

}  // namespace warmup
