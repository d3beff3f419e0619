#ifndef WARMUP_TESTS_SUPPORT_FAKE_OLLAMA_H_
#define WARMUP_TESTS_SUPPORT_FAKE_OLLAMA_H_

#include <functional>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "nlohmann/json.hpp"
#include "tests/support/fake_http.h"

namespace warmup {

// A server on 127.0.0.1 that answers as Ollama 0.17.4 was seen to, as far as an
// adapter can tell:
//  - a load blocks, shows in /api/ps when it has ended, and is aborted when its
//    caller leaves;
//  - an unload answers at once and is gone later: after kUnloadLooks looks at
//    /api/ps, and never before the streams on the model have ended; it puts
//    `expires_at` to now;
//  - `expires_at` is set when the last request on a model ends; the first
//    request's is the time of the look; it stands still meanwhile;
//  - a request without keep_alive keeps the last one;
//  - names of one digest share a runner, which shows under the first of them;
//  - a killed runner shows on; the next request has it loaded anew;
//  - a load with another context length loads a warm model anew.
// Loads end at once unless held. Thread-safe.
class FakeOllama final : public FakeHttp {
 public:
  static constexpr int kUnloadLooks = 2;
  static constexpr int64_t kFileBytes = 4'000'000'000;
  static constexpr int64_t kContextLength = 4096;
  static constexpr int64_t kReadyBytes = 4'700'000'000;

  struct Model {
    std::string name;
    std::string digest;  // empty: of the name
    std::string blob;    // empty: of the digest
    std::string family = "llama";
    bool is_embedder = false;
    std::string remote_host;
  };

  FakeOllama() { Start(); }
  ~FakeOllama() override { Stop(); }

  void Add(Model model);
  void AddNamed(const std::string& name) { Add(Model{.name = name}); }
  // Deleting a loaded model leaves it running and listed.
  void Delete(const std::string& name);

  // --- Its other users ---
  void Use(const std::string& name, absl::Duration keep_alive);
  void BeginStream(const std::string& name, absl::Duration keep_alive);
  void EndStream(const std::string& name);
  // Unloads as if its time were over, or its user had.
  void Drop(const std::string& name);
  void SetExpiry(const std::string& name, absl::Time expires_at);
  // As after a request with another num_ctx.
  void SetContextLength(const std::string& name, int64_t length);
  // Also one that is loading: the load fails.
  void KillRunner(const std::string& name);
  // Those that nobody uses go when their time is over; else they stay.
  void LetModelsExpire();
  // With as many, a load has another model go, if need be when its requests
  // have ended; that also when who asked for the load has left.
  void LimitModels(int count);

  // --- Loads ---
  void HoldLoads(bool are_held);
  void AwaitLoading(const std::string& name);
  void AwaitAborted(int count);
  // Answers a load of the model this, without loading.
  void FailLoad(const std::string& name, int status, const std::string& body);
  // Says that it loads, and does not.
  void LieAboutLoads();
  // A load is finished though its caller has left, as when both coincide.
  void IgnoreDisconnects();
  // What a request sets shows only from the second look on.
  void ShowExpiryLate();
  void HoldUnloads();

  void Heal() override;
  // Everything that was loaded is gone, as after a restart.
  void Restart();

  // --- What it saw ---
  bool IsLoaded(const std::string& name) const;  // by a runner that lives
  absl::Time ExpiryOf(const std::string& name) const;

 private:
  struct Runner {
    std::string shown;  // the first name
    absl::Duration keep_alive;
    absl::Time expires_at;
    absl::Time shown_expiry;  // while late
    int late_looks = 0;
    int requests = 0;
    bool has_expiry = false;  // not while the first request runs
    int unload_looks = -1;    // left until it is gone; -1: it stays
    bool is_dead = false;
    int64_t context_length = kContextLength;
  };

  void Serve(const httplib::Request& request, const nlohmann::json& body,
             httplib::Response& response) override;
  void ServeTags(httplib::Response& response) ABSL_LOCKS_EXCLUDED(mutex_);
  void ServePs(httplib::Response& response) ABSL_LOCKS_EXCLUDED(mutex_);
  void ServeShow(const std::string& name, httplib::Response& response)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void ServeLoad(const std::string& path, const nlohmann::json& body,
                 httplib::Response& response) ABSL_LOCKS_EXCLUDED(mutex_);
  void ServeUnload(const std::string& name, httplib::Response& response)
      ABSL_LOCKS_EXCLUDED(mutex_);
  enum class LoadEnd { kDone, kLeft, kKilled };
  void FinishLoad(const std::string& name, const nlohmann::json& body)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for the load to be allowed.
  LoadEnd AwaitLoad(const std::string& name,
                    const std::function<bool()>& is_connected)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Makes room for it, when there is none.
  bool HasRoomFor(const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsOver(const Runner& runner) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EraseGone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Begin(const std::string& name, absl::Duration keep_alive)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether its runner is there and lives.
  bool Runs(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null: unknown. "a" stands for "a:latest".
  const Model* FindModel(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string DigestOf(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnswerError(int status, const std::string& words,
                   httplib::Response& response) const;

  std::map<std::string, Model> models_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Runner> runners_ ABSL_GUARDED_BY(mutex_);  // by digest
  std::map<std::string, int> loading_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::pair<int, std::string>> failures_
      ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> kills_ ABSL_GUARDED_BY(mutex_);
  size_t max_models_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: no limit
  bool do_models_expire_ ABSL_GUARDED_BY(mutex_) = false;
  int aborted_ ABSL_GUARDED_BY(mutex_) = 0;
  bool are_loads_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool are_unloads_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_lying_ ABSL_GUARDED_BY(mutex_) = false;
  bool ignores_disconnects_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_expiry_late_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_OLLAMA_H_
