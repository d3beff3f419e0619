#ifndef WARMUP_TESTS_SUPPORT_FAKE_LLAMA_SERVER_H_
#define WARMUP_TESTS_SUPPORT_FAKE_LLAMA_SERVER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "nlohmann/json.hpp"
#include "tests/support/fake_http.h"

namespace warmup {

// A server on 127.0.0.1 that answers as llama-server b11434 was seen to, as a
// router or with one model, as far as an adapter can tell:
//  - a load answers at once, and is done after kLoadLooks looks at /models; so
//    is an unload, after kUnloadLooks, and not before the requests on the model
//    have ended; meanwhile it is listed as loaded;
//  - a question about a model loads it unless it says autoload=false; /slots
//    wakes a sleeping one, /metrics and /props do not; a load of a sleeping one
//    is refused, and leaves it asleep;
//  - a model whose process was told to end is listed as loaded, and silent;
//  - a load that fails, or is cut by an unload, shows the status 1 and no more;
//  - a full router ends the idle model that was used longest ago, or refuses.
// Loads end unless held. Thread-safe.
class FakeLlamaServer final : public FakeHttp {
 public:
  static constexpr int kLoadLooks = 2;
  static constexpr int kUnloadLooks = 2;
  static constexpr int64_t kWeightBytes = 4'000'000'000;

  struct Model {
    std::string name;
    std::vector<std::string> aliases;
    std::string path;  // empty: a relative one
    bool is_embedder = false;
    bool may_sleep = false;
  };

  FakeLlamaServer() { Start(); }  // a router
  // With this one model, loaded.
  explicit FakeLlamaServer(const std::string& single);
  ~FakeLlamaServer() override { Stop(); }

  void Add(Model model);
  void AddNamed(const std::string& name) { Add(Model{.name = name}); }
  void SetLimit(int max_models);
  void DropMetrics();
  void DropSlots();

  // --- Its other users ---
  void Use(const std::string& name);  // one whole request; loads it first
  void BeginStream(const std::string& name);
  void EndStream(const std::string& name);
  void LoadByHand(const std::string& name);
  void UnloadByHand(const std::string& name);

  // --- What happens to it ---
  void Sleep(const std::string& name);
  void Download(const std::string& name);
  void KillChild(const std::string& name);
  void EndChild(const std::string& name);  // SIGTERM: it is silent then
  // The single model's.
  void SetLoading(bool is_loading);
  void HoldLoads(bool are_held);
  void AwaitLoading(const std::string& name);
  void HoldUnloads();
  void BreakLoads(const std::string& name);  // each ends with the status 1
  // Says that it loads, and does not.
  void LieAboutLoads();
  void Heal() override;
  void Restart();  // everything that was loaded is gone

  // --- What it saw ---
  // Which counts as a look.
  bool IsLoaded(const std::string& name);
  std::string StatusOf(const std::string& name);
  int AutoloadCount() const;  // by questions
  int WakeCount() const;      // by /slots

 private:
  struct State {
    Model model;
    std::string status = "unloaded";
    bool has_failed = false;
    int port = 0;
    int looks = -1;  // left until a load or an unload is done; -1: none
    bool is_ending = false;
    bool is_silent = false;
    bool is_broken = false;
    int streams = 0;
    int64_t prompt_tokens = 0;
    int task = -1;
    int64_t used = 0;  // the greatest was used last
  };

  void Serve(const httplib::Request& request, const nlohmann::json& body,
             httplib::Response& response) override;
  void ServeOfRouter(const httplib::Request& request, const std::string& name,
                     httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A path that goes to one model's process.
  void ServeOfModel(const std::string& path, State& state,
                    httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeModels(httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeLoad(State& state, httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeUnload(State& state, httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  nlohmann::json EntryOf(const State& state) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PassLook(State& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Begin(State& state, const std::string& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BeginUnload(State& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(State& state, bool has_failed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountUse(State& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False: all that are there are in use.
  bool MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  State* FindState(const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  bool is_single_ = false;
  std::map<std::string, State> models_ ABSL_GUARDED_BY(mutex_);
  int max_models_ ABSL_GUARDED_BY(mutex_) = 4;
  int next_port_ ABSL_GUARDED_BY(mutex_) = 40'000;
  int next_task_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t uses_ ABSL_GUARDED_BY(mutex_) = 0;
  int autoloads_ ABSL_GUARDED_BY(mutex_) = 0;
  int wakes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool has_metrics_ ABSL_GUARDED_BY(mutex_) = true;
  bool has_slots_ ABSL_GUARDED_BY(mutex_) = true;
  bool are_loads_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_lying_ ABSL_GUARDED_BY(mutex_) = false;
  bool are_unloads_held_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_LLAMA_SERVER_H_
