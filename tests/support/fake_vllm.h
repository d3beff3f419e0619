#ifndef WARMUP_TESTS_SUPPORT_FAKE_VLLM_H_
#define WARMUP_TESTS_SUPPORT_FAKE_VLLM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "nlohmann/json.hpp"
#include "tests/support/fake_http.h"

namespace warmup {

// A server on 127.0.0.1 that answers as vLLM with sleep mode is documented to:
//  - its one model, "m", is loaded while it is awake, and it starts awake;
//  - a sleep aborts the requests in flight, at level 1 keeps the weights and at
//    level 2 throws them away; of one that is asleep in part it is a no-op;
//  - woken without its weights it answers nonsense, until they are reloaded;
//  - /is_sleeping is true until all of it is awake;
//  - its engine does one thing after the other: during a wake all of this
//    waits; a caller that leaves changes nothing.
// Wakes end at once unless held. Thread-safe.
class FakeVllm final : public FakeHttp {
 public:
  FakeVllm() { Start(); }
  ~FakeVllm() override { Stop(); }

  // --- How it was started ---
  void WithoutDevMode();
  void WithoutMetrics();
  // /metrics tells the level that it sleeps at.
  void ShowLevels();
  void RequireToken(const std::string& token);
  // More entries of /v1/models.
  void AddEntry(const nlohmann::json& entry);

  // --- Its other users ---
  void BeginUse();
  void EndUse();
  void Use() {
    BeginUse();
    EndUse();
  }
  void SleepByHand(int level);
  void WakeByHand();  // as from level 1, or with what else it needs
  // Awake, and its counters begin anew.
  void Restart();

  // --- Wakes ---
  void HoldLoads(bool are_held);
  void AwaitLoading(const std::string& model);
  // Says that it wakes, and does not.
  void LieAboutLoads(bool is_lying);
  // Says that it sleeps, and does not.
  void NeverSleep();

  // --- What it saw ---
  bool IsAwake() const;
  bool HasRightWeights() const;
  int aborted() const;
  // Calls that change something, in their order: "POST /sleep?level=1".
  std::vector<std::string> Changes() const;

 private:
  void Serve(const httplib::Request& request, const nlohmann::json& body,
             httplib::Response& response) override;
  void ServeDev(const httplib::Request& request, const nlohmann::json& body,
                httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeModels(httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string MetricsText() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Sleep(int level) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsWhollyAwake() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return has_weights_ && has_cache_;
  }

  bool has_dev_mode_ ABSL_GUARDED_BY(mutex_) = true;
  bool has_metrics_ ABSL_GUARDED_BY(mutex_) = true;
  bool shows_levels_ ABSL_GUARDED_BY(mutex_) = false;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  std::vector<nlohmann::json> entries_ ABSL_GUARDED_BY(mutex_);
  // On the device: memory for weights, the right ones in it, and the cache.
  bool has_weights_ ABSL_GUARDED_BY(mutex_) = true;
  bool are_weights_right_ ABSL_GUARDED_BY(mutex_) = true;
  bool has_cache_ ABSL_GUARDED_BY(mutex_) = true;
  int level_ ABSL_GUARDED_BY(mutex_) = 0;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  int aborted_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t served_ ABSL_GUARDED_BY(mutex_) = 0;
  int waking_ ABSL_GUARDED_BY(mutex_) = 0;
  bool are_wakes_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_lying_ ABSL_GUARDED_BY(mutex_) = false;
  bool never_sleeps_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> changes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_VLLM_H_
