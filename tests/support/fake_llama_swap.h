#ifndef WARMUP_TESTS_SUPPORT_FAKE_LLAMA_SWAP_H_
#define WARMUP_TESTS_SUPPORT_FAKE_LLAMA_SWAP_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "nlohmann/json.hpp"
#include "tests/support/fake_http.h"

namespace warmup {

// A server on 127.0.0.1 that answers as llama-swap v250 was seen to, as far as
// an adapter can tell:
//  - any path below /upstream/<model>/ loads the model and waits until it is
//    ready; a load that has begun goes on when its caller leaves;
//  - of a group one is loaded at a time: the others stop first, and while a
//    request runs on one of them the load waits, and is dropped with its
//    caller;
//  - an unload is synchronous, kills the requests on the model and ends a load:
//    who waits for that gets 500; it does not end a swap whose victims are
//    still stopping;
//  - /v1/models says "loaded" of a model that is starting;
//  - more than 10 requests on a model get 429;
//  - /api/events begins with logs, all models and all requests in flight; calls
//    of /health are none; its data is JSON in a string.
// Loads and stops end at once unless held. Thread-safe.
class FakeLlamaSwap final : public FakeHttp {
 public:
  static constexpr int kRequestLimit = 10;

  struct Model {
    std::string name;
    std::vector<std::string> aliases;
    std::string group;   // empty: it disturbs nobody
    absl::Duration ttl;  // zero: it stays
    bool is_unlisted = false;
    std::string type = "model";  // or "peer", "selector"
    std::string proxy = "http://localhost:1";
  };
  // What of its feed there is.
  enum class Feed { kNone, kCounts, kWhole };

  FakeLlamaSwap() { Start(); }
  ~FakeLlamaSwap() override { Stop(); }

  void Add(Model model);
  void AddNamed(const std::string& name) { Add(Model{.name = name}); }

  // --- Its other users ---
  // Begins a request, which loads the model; it may wait for that.
  void BeginRequest(const std::string& name,
                    const std::string& path = "/v1/chat/completions");
  // Lets one end; false when there is none, or it was killed.
  bool EndRequest(const std::string& name);
  void Use(const std::string& name);
  // How many of their requests were killed.
  int CutCount() const;
  void UnloadByHand(const std::string& name);
  // From now on; seen to be over when anybody looks.
  void SetTtl(const std::string& name, absl::Duration ttl);
  void KillWorker(const std::string& name);

  // --- Its loads and stops ---
  void HoldLoads(bool are_held);
  void HoldStops(bool are_held);
  void AwaitState(const std::string& name, const std::string& state);
  // Waits until so many calls wait for loads of the model.
  void AwaitWaiting(const std::string& name, int count);
  void FailLoad(const std::string& name, const std::string& words);
  void LieAboutLoads();
  // What a model's own /health says, once it is ready.
  void SetHealthStatus(int status);
  bool IsLoaded(const std::string& name);
  std::string StateOf(const std::string& name);
  // Everything is gone with it. (Stop, then StartAgain.)
  void ForgetAll();

  // --- Its feed ---
  void SetFeed(Feed feed);
  // Waits until somebody listens, and was told what there is.
  void AwaitListener();
  int listener_count() const;
  void CutFeed();
  // As it stands, to all who listen.
  void SendRaw(const std::string& text);
  // Drops all changes of requests from now on, as for a slow reader.
  void DropRequestEvents(bool are_dropped);

 private:
  struct Request {
    std::string id;
    std::string model;
    std::string path;
  };
  struct Process {
    std::string state = "stopped";
    int ends = 0;            // of loads that came to nothing
    std::string why;         // the last one did
    bool is_wanted = false;  // waits for a busy one to become idle
    bool is_next = false;    // waits for victims to stop
    int waiting = 0;         // calls
    absl::Time used_at;
  };

  void Serve(const httplib::Request& request, const nlohmann::json& body,
             httplib::Response& response) override;
  void ServeModels(httplib::Response& response);
  void ServeRunning(httplib::Response& response);
  void ServeUpstream(const std::string& path, httplib::Response& response);
  void ServeQueued(const std::string& name, httplib::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeUnload(const std::string& path, httplib::Response& response);
  void ServeFeed(httplib::Response& response);
  void AnswerError(int status, const std::string& words,
                   httplib::Response& response) const;

  const Model* FindModel(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int RequestsOn(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Want(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whatever can go on does.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExpireIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool BeginLoad(const Model& model) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetState(const std::string& name, const std::string& state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unload(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Who waits for its load gets these words.
  void EndLoad(const std::string& name, const std::string& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CutRequests(const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  nlohmann::json Entry(const Request& request) const;
  nlohmann::json Requests() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  nlohmann::json States() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EmitRequests(const nlohmann::json& change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Emit(const std::string& type, const nlohmann::json& data)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::map<std::string, Model> models_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Process> processes_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> failures_ ABSL_GUARDED_BY(mutex_);
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);
  int last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  int cut_ ABSL_GUARDED_BY(mutex_) = 0;
  bool are_loads_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool are_stops_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_lying_ ABSL_GUARDED_BY(mutex_) = false;
  int health_status_ ABSL_GUARDED_BY(mutex_) = 200;
  Feed feed_ ABSL_GUARDED_BY(mutex_) = Feed::kWhole;
  bool are_request_events_dropped_ ABSL_GUARDED_BY(mutex_) = false;
  int feed_number_ ABSL_GUARDED_BY(mutex_) = 0;  // another one: it was cut
  int listeners_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string sent_ ABSL_GUARDED_BY(mutex_);  // to who listens from the start
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_LLAMA_SWAP_H_
