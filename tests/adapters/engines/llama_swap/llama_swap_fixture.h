#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_FIXTURE_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/engines/llama_swap/llama_swap_engine.h"
#include "core/base/error.h"
#include "tests/support/background_load.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_llama_swap.h"

namespace warmup {

inline std::unique_ptr<HttpClient> ClientOf(const std::string& endpoint) {
  auto client = HttpClient::Create(
      {.engine = "swap", .endpoint = endpoint, .bearer_token = {}});
  INFO(client.status().ToString());
  REQUIRE(client.ok());
  return *std::move(client);
}

// A llama-swap with "a" and "b", which disturb nobody, and "x" and "y", of
// which one is loaded at a time; and the engine on it, whose feed is there.
// (The engine goes first: it closes its connections.)
struct LlamaSwap {
  explicit LlamaSwap(FakeLlamaSwap::Feed feed = FakeLlamaSwap::Feed::kWhole) {
    fake.AddNamed("a");
    fake.AddNamed("b");
    fake.Add({.name = "x", .aliases = {"ex"}, .group = "g"});
    fake.Add({.name = "y", .group = "g"});
    fake.SetFeed(feed);
    MakeEngine();
    if (feed != FakeLlamaSwap::Feed::kNone) fake.AwaitListener();
  }

  void MakeEngine(absl::Duration unload_timeout = kPatience) {
    engine = nullptr;
    engine = std::make_unique<LlamaSwapEngine>(
        ClientOf(fake.endpoint()),
        LlamaSwapEngine::Options{
            .on_skipped =
                [this](std::string_view name, const absl::Status& why) {
                  skipped.emplace_back(name, why);
                },
            .unload_timeout = unload_timeout});
  }

  static ModelSpec Spec(const std::string& name) {
    ModelSpec spec;
    spec.id = name;
    spec.engine = "swap";
    spec.source = name;
    spec.size_bytes = 1'000;
    return spec;
  }
  absl::StatusOr<LoadResult> Load(const std::string& name) {
    TestControl control;
    return engine->Load(Spec(name), control);
  }
  LoadResult LoadOk(const std::string& name) {
    const auto result = Load(name);
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    return *result;
  }
  absl::Status Unload(const std::string& name) {
    return engine->Unload(Spec(name));
  }
  Sighting LookAt(const std::string& name) {
    const auto sightings = engine->Look({Spec(name)});
    INFO(sightings.status().ToString());
    REQUIRE(sightings.ok());
    REQUIRE(sightings->size() == 1);
    return sightings->at(0);
  }
  bool IsReady(const std::string& name) {
    return LookAt(name).residency.tier == Tier::kReady;
  }
  // Looks until this many uses of it were told, and then that there are no
  // more.
  void AwaitUses(const std::string& name, int64_t uses) {
    CHECK(Eventually([&] {
      uses -= LookAt(name).uses;
      return uses <= 0;
    }));
    CHECK(uses == 0);
  }
  bool AwaitBusy(const std::string& name, bool is_busy) {
    return Eventually([&] { return LookAt(name).is_busy == is_busy; });
  }

  FakeLlamaSwap fake;
  std::vector<std::pair<std::string, absl::Status>> skipped;
  std::unique_ptr<LlamaSwapEngine> engine;
};

inline std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_FIXTURE_H_
