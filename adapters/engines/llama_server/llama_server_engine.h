#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_ENGINE_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/llama_server/activity_watch.h"
#include "adapters/engines/llama_server/answers.h"
#include "adapters/engines/llama_server/llama_server_api.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// How long an unload waits for a request to end, and then for the model's
// process: a router kills it after 10 s, unless it is told otherwise.
inline constexpr absl::Duration kLlamaServerUnloadTimeout = absl::Seconds(15);
// How long a router may take to begin a load whose caller has left: it makes
// room first.
inline constexpr absl::Duration kLlamaServerAbortTime = absl::Seconds(1);

// llama.cpp's llama-server: as a router, whose models are processes that it
// starts and ends, or with one model of its own, which is loaded as long as the
// server runs and may only sleep by itself. Which of both is found out anew
// with each listing. A model's source is its name there.
//
// A load returns when the model answers, not when it is listed: one whose
// process was told to end is listed as loaded, and does not; it is ended then,
// and loaded anew. A sleeping model, which has given its weights back, is cold;
// a load wakes it. A load that others asked for is waited for, and left alone
// when we are cancelled.
//
// A router tells nothing of why a load failed but the status 1, whether the
// file was bad, the memory short, or somebody unloaded it meanwhile. So the
// file itself is looked at, where it is on this machine.
//
// A look asks for the list, and, of each model asked about that is up, for what
// it has done: /metrics, else /slots, unless the model sleeps when it is idle.
// Both in a way that neither loads nor wakes anything.
//
// What a model has in memory is what its process has, where that can be seen;
// its file's pages are most of it. On another machine, or for a model in a GPU,
// it is the size of its weights.
//
// Thread-safe. No I/O happens under the mutex.
class LlamaServerEngine final : public Engine {
 public:
  using SkippedCallback =
      std::function<void(std::string_view name, const absl::Status& why)>;
  struct Options {
    // Told what Discover passes over; called on its thread.
    SkippedCallback on_skipped = [](std::string_view, const absl::Status&) {};
    absl::Duration unload_timeout = kLlamaServerUnloadTimeout;
  };

  // Takes its id from `http`.
  LlamaServerEngine(std::unique_ptr<HttpClient> http, Options options);
  ~LlamaServerEngine() override = default;

  // The version of the llama-server there, empty while it is still loading its
  // one model, or why it is none (see LlamaServerApi::Probe).
  static absl::StatusOr<std::string> Probe(HttpClient& http);

  EngineInfo info() const override ABSL_LOCKS_EXCLUDED(mutex_);
  // FAILED_PRECONDITION (NOT_LLAMA_SERVER) when something else listens there;
  // UNAVAILABLE (ENGINE_BUSY) while a server is still loading its one model.
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  // Size and header are those of the file, where it is on this machine.
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  // RESOURCE_EXHAUSTED (MODEL_LIMIT_REACHED) when a router has as many models
  // as it may, all of them in use; UNAVAILABLE (LOAD_NOT_CONFIRMED) when the
  // model was unloaded as soon as it was loaded, and (ENGINE_FAILED) when it is
  // not known why it could not be loaded.
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override;
  // FAILED_PRECONDITION: (MEMORY_IN_USE) when a request on it does not end
  // within `unload_timeout`, or somebody's load, or its process;
  // (ENGINE_CANNOT_UNLOAD) by a server of one model. Where requests do not show
  // (without --metrics and with --no-slots) the router ends them.
  absl::Status Unload(const ModelSpec& spec) override;
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override;

 private:
  class OwnUnload;
  // What is known of a model's process.
  struct Child {
    int port = 0;
    llama_server::ActivitySource source =
        llama_server::ActivitySource::kMetrics;
    std::optional<pid_t> pid;  // -1: cannot be seen; empty: not looked for
  };
  // A load of ours, as far as it has come.
  struct Attempt {
    bool has_asked = false;   // it is we who have the model loaded
    bool may_begin = false;   // asked, without an answer
    bool has_waited = false;  // it was not there at once
  };

  // An error unless a llama-server is there. Asked again when it was away.
  absl::Status Identify() ABSL_LOCKS_EXCLUDED(mutex_);
  void SetRole(bool is_router) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<llama_server::Listing> List(const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<llama_server::ListedModel> FindListed(const std::string& name,
                                                       const HttpCall& call);
  // What the model, which is up, has done; with the best source that it has.
  absl::StatusOr<llama_server::Activity> Ask(
      const llama_server::ListedModel& model, bool is_router,
      const HttpCall& call) ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether a request runs on it, as far as that shows.
  bool IsBusy(const llama_server::ListedModel& model, const HttpCall& call);
  // Loads or wakes the model, or waits for who does, until it answers.
  absl::StatusOr<llama_server::ListedModel> BringUp(const std::string& name,
                                                    const HttpCall& call,
                                                    Attempt& attempt);
  // One step of that. True: it answers; false: the next listing tells more.
  absl::StatusOr<bool> Advance(const llama_server::Listing& listing,
                               const llama_server::ListedModel& model,
                               const HttpCall& call, Attempt& attempt);
  // Why a load of ours has ended.
  absl::Status LoadFailure(const llama_server::ListedModel& model) const;
  // Unloads the model if it shows within `patience`, unless somebody uses it.
  void TakeBack(const std::string& name, absl::Duration patience);
  // Has a router end the model's process, and waits for it.
  absl::Status EndAndAwait(const std::string& id, const HttpCall& call);
  Residency Measure(const llama_server::ListedModel& model,
                    const ModelSpec& spec) ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t ProcessBytes(const llama_server::ListedModel& model)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // A question to a process that is ending can keep it from that until its
  // router kills it, 10 s later. So a look has none while we unload the model:
  // false; and an unload waits for one that is under way.
  bool BeginQuestion(const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);
  void EndQuestion(const std::string& id) ABSL_LOCKS_EXCLUDED(mutex_);
  Child FindChild(const llama_server::ListedModel& model)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<HttpClient> http_;
  const Options options_;
  const bool is_local_;
  llama_server::LlamaServerApi api_;
  std::atomic<bool> is_identified_ = false;
  mutable Mutex mutex_;
  EngineInfo info_ ABSL_GUARDED_BY(mutex_);
  llama_server::ActivityWatch watch_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Child> children_ ABSL_GUARDED_BY(mutex_);  // by id
  // By looks, under way; by id.
  std::map<std::string, int> questions_ ABSL_GUARDED_BY(mutex_);
  CondVar question_ended_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_ENGINE_H_
