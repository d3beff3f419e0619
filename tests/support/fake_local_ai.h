#ifndef WARMUP_TESTS_SUPPORT_FAKE_LOCAL_AI_H_
#define WARMUP_TESTS_SUPPORT_FAKE_LOCAL_AI_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "nlohmann/json.hpp"
#include "tests/support/fake_http.h"

namespace warmup {

// A server on 127.0.0.1 that answers as LocalAI 4.9 does:
//  - a load blocks, and goes on when its caller leaves; two of one model are
//    one;
//  - a load that fails starts a cooldown: 503 with Retry-After;
//  - a shutdown waits for the requests on the model;
//  - Ollama's calls say that they load, and do not.
// Loads end at once unless held. Thread-safe.
class FakeLocalAi final : public FakeHttp {
 public:
  static constexpr int64_t kFileBytes = 4'000'000'000;
  static constexpr int64_t kReadyBytes = 4'700'000'000;
  static constexpr int kCooldownSeconds = 20;

  FakeLocalAi() { Start(); }
  ~FakeLocalAi() override { Stop(); }

  // With parts it is a pipeline: they are loaded in its stead.
  void Add(const std::string& name, const std::vector<std::string>& parts = {});
  void RequireToken(const std::string& token);

  // --- Its other users ---
  void LoadByHand(const std::string& name);
  void UnloadByHand(const std::string& name);
  void BeginUse(const std::string& name);
  void EndUse(const std::string& name);
  // Everything that was loaded is gone, as after a restart.
  void Restart();

  // --- Loads ---
  void HoldLoads(bool are_held);
  void AwaitLoading(const std::string& name);
  // Answers a load of the model this, without loading, and cools down.
  void FailLoad(const std::string& name, int status, const std::string& body);
  void NeverCoolDown();
  // The cooldown is told by words only, with the status 500.
  void TellCooldownsInWords();
  // Says that it loads, and does not.
  void LieAboutLoads(bool is_lying);

  // --- What it saw ---
  bool IsLoaded(const std::string& name) const;

 private:
  void Serve(const httplib::Request& request, const nlohmann::json& body,
             httplib::Response& response) override;
  void ServeLoad(const std::string& name, httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeCooldown(const std::string& name, httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeShutdown(const std::string& name, httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static nlohmann::json Ids(const std::set<std::string>& names);

  std::map<std::string, std::vector<std::string>> models_
      ABSL_GUARDED_BY(mutex_);
  std::set<std::string> loaded_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> loading_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> requests_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::pair<int, std::string>> failures_
      ABSL_GUARDED_BY(mutex_);
  std::set<std::string> cooling_ ABSL_GUARDED_BY(mutex_);
  std::string token_ ABSL_GUARDED_BY(mutex_);
  bool are_loads_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_lying_ ABSL_GUARDED_BY(mutex_) = false;
  bool never_cools_down_ ABSL_GUARDED_BY(mutex_) = false;
  bool tells_cooldowns_in_words_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_LOCAL_AI_H_
