#ifndef WARMUP_TESTS_SUPPORT_FAKE_LM_STUDIO_H_
#define WARMUP_TESTS_SUPPORT_FAKE_LM_STUDIO_H_

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

// A server on 127.0.0.1 that answers as LM Studio's API v1 is documented to:
//  - a load blocks, and makes another instance ("key:2") of a model that is
//    loaded already; it goes on when its caller leaves;
//  - an unload answers at once and shows at the look after the next;
//  - what is no path of it is answered with 200 and an "error".
// Loads end at once unless held. Thread-safe.
class FakeLmStudio final : public FakeHttp {
 public:
  static constexpr int64_t kFileBytes = 4'000'000'000;

  FakeLmStudio() { Start(); }
  ~FakeLmStudio() override { Stop(); }

  void Add(const std::string& key, const std::string& type = "llm");
  void RequireToken(const std::string& token);

  // --- Its other users: the application, and requests that load ---
  void LoadByHand(const std::string& key);
  void UnloadByHand(const std::string& instance);
  // Everything that was loaded is gone, as after a restart.
  void Restart();

  // --- Loads ---
  void HoldLoads(bool are_held);
  void AwaitLoading(const std::string& key);
  // Answers a load of the model this, without loading.
  void FailLoad(const std::string& key, int status, const std::string& body);
  // Says that it loads, and does not.
  void LieAboutLoads(bool is_lying);
  // Says that it unloads, and does not.
  void KeepInstances();

  // --- What it saw ---
  std::set<std::string> Instances(const std::string& key) const;

 private:
  struct Model {
    std::string type;
    // With the looks left until it is gone; -1: it stays.
    std::map<std::string, int> instances;
  };

  void Serve(const httplib::Request& request, const nlohmann::json& body,
             httplib::Response& response) override;
  nlohmann::json List() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeLoad(const nlohmann::json& body, httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeUnload(const nlohmann::json& body, httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static std::string AddInstance(const std::string& key, Model& model);

  std::map<std::string, Model> models_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> loading_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::pair<int, std::string>> failures_
      ABSL_GUARDED_BY(mutex_);
  std::string token_ ABSL_GUARDED_BY(mutex_);
  bool are_loads_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_lying_ ABSL_GUARDED_BY(mutex_) = false;
  bool keeps_instances_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_LM_STUDIO_H_
