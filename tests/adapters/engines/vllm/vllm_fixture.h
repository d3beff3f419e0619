#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_VLLM_VLLM_FIXTURE_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_VLLM_VLLM_FIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/engines/vllm/vllm_engine.h"
#include "tests/support/engine_calls.h"
#include "tests/support/fake_vllm.h"

namespace warmup {

using Calls = std::vector<std::string>;

inline constexpr int64_t kWeights = int64_t{8} << 30;
inline const Calls kDeepWake = {"/wake_up?tags=weights", "/collective_rpc",
                                "/wake_up?tags=kv_cache"};

// A vLLM with the model "m" and the engine on it. (The engine goes first: it
// closes its connections.)
struct Vllm {
  Vllm()
      : engine(ClientOf(fake.endpoint()),
               {.on_skipped =
                    [this](std::string_view name, const absl::Status& why) {
                      skipped.emplace_back(name, why);
                    },
                .host_free_bytes = [this] { return host_free_bytes; },
                .unload_timeout = absl::Milliseconds(200),
                .awake_within = absl::Milliseconds(200)}) {}

  static ModelSpec Spec() {
    ModelSpec spec = SpecOf("m");
    spec.size_bytes = kWeights;
    return spec;
  }
  absl::StatusOr<LoadResult> Load() {
    TestControl control;
    return engine.Load(Spec(), control);
  }
  void LoadOk() {
    const auto result = Load();
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    CHECK(fake.IsAwake());
    CHECK(fake.HasRightWeights());
  }
  void UnloadOk() {
    const absl::Status status = engine.Unload(Spec());
    INFO(status.ToString());
    REQUIRE(status.ok());
    CHECK_FALSE(fake.IsAwake());
  }
  Sighting Look() {
    const auto sightings = engine.Look({Spec()});
    INFO(sightings.status().ToString());
    REQUIRE(sightings.ok());
    return sightings->at(0);
  }
  Tier TierSeen() { return Look().residency.tier; }
  // What was asked of it since the last time.
  Calls NewCalls() {
    const Calls all = fake.Changes();
    Calls calls(all.begin() + static_cast<ptrdiff_t>(seen_calls), all.end());
    seen_calls = all.size();
    return calls;
  }

  FakeVllm fake;
  int64_t host_free_bytes = kWeights + kVllmHostReserveBytes;
  size_t seen_calls = 0;
  std::vector<std::pair<std::string, absl::Status>> skipped;
  VllmEngine engine;
};

inline void CheckNamed(const absl::Status& status, const FakeVllm& fake) {
  INFO(status.ToString());
  CHECK_FALSE(status.ok());
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("engine \"e1\" at " + fake.endpoint() + ": "));
}

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_VLLM_VLLM_FIXTURE_H_
