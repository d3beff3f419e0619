#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/llama_swap/answers.h"
#include "adapters/engines/llama_swap/feed.h"
#include "adapters/engines/llama_swap/llama_swap_api.h"
#include "adapters/host/process_memory.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// How long an unload waits for the requests that run on the model, and then for
// llama-swap, which kills a server that has not ended after 10 s.
inline constexpr absl::Duration kLlamaSwapUnloadTimeout = absl::Seconds(11);

// A llama-swap: a proxy that starts a server for a model when a request for it
// comes, and stops others for that as its groups say. A model's source is its
// name there, or an alias.
//
// A load is a GET of the model's own /health through llama-swap, which answers
// when the model's server is ready; it is believed only when /running shows it.
// While a request runs on a model of the same group it waits. It goes on when
// its caller leaves, so one that is given up is taken back: the model is
// unloaded, unless somebody else has asked for it meanwhile.
//
// A load may stop others: llama-swap's groups do not show. Those are cold at
// the next look, and not by a user's hand.
//
// llama-swap's own unload kills the requests that run on a model; so it is
// called only when the feed of events shows none (see Feed). A version without
// that feed shows no uses, and its requests are not waited for.
//
// Nothing renews a model: one with a `ttl` is unloaded when it has been idle
// for so long, whoever loaded it. Memory is not told: it is that of the process
// that listens where llama-swap says, if that is on this host and this user's,
// and what the catalogue says otherwise.
//
// Thread-safe. No I/O happens under the mutex.
class LlamaSwapEngine final : public Engine {
 public:
  using SkippedCallback =
      std::function<void(std::string_view name, const absl::Status& why)>;
  struct Options {
    // Told what Discover passes over; called on its thread.
    SkippedCallback on_skipped = [](std::string_view, const absl::Status&) {};
    absl::Duration unload_timeout = kLlamaSwapUnloadTimeout;
  };

  // Takes its id from `http`.
  LlamaSwapEngine(std::unique_ptr<HttpClient> http, Options options);
  ~LlamaSwapEngine() override = default;

  // The version of the llama-swap there ("" where it tells none), or why it is
  // none: FAILED_PRECONDITION (NOT_LLAMA_SWAP). Loads nothing.
  static absl::StatusOr<std::string> Probe(HttpClient& http);

  EngineInfo info() const override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  // NOT_FOUND for one that is not listed: llama-swap can hide models, which
  // are loaded all the same.
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  // UNAVAILABLE: ENGINE_BUSY the model has all the requests that it may have;
  // ENGINE_REFUSES; LOAD_NOT_CONFIRMED; ENGINE_FAILED with its words.
  // FAILED_PRECONDITION: MODEL_DAMAGED its server ended at once.
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override;
  // FAILED_PRECONDITION (MEMORY_IN_USE) when a request on the model does not
  // end within `unload_timeout`.
  absl::Status Unload(const ModelSpec& spec) override;
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override;

 private:
  using Running = std::vector<llama_swap::RunningModel>;
  // What a model's server was last seen to take.
  struct Measured {
    int port = 0;
    int64_t bytes = 0;
    absl::Time at;
  };

  // Asks for /v1/models and takes note of it.
  absl::Status List(const HttpCall& call) ABSL_LOCKS_EXCLUDED(mutex_);
  // The model that goes by this name; a name that is not known is one.
  std::string Resolve(const std::string& name) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The same, and asks for the list when the name is not in it.
  absl::StatusOr<std::string> Learn(const std::string& name,
                                    const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // An error unless a llama-swap is there. Asked again when it was away.
  absl::Status Identify() ABSL_LOCKS_EXCLUDED(mutex_);
  // Asks for /running.
  absl::StatusOr<Running> Observe(const HttpCall& call);
  // The model as it is shown once it is ready; LOAD_NOT_CONFIRMED if it is
  // not, at once where nobody has told that it is.
  absl::StatusOr<llama_swap::RunningModel> Confirm(const std::string& name,
                                                   bool is_told,
                                                   const HttpCall& call);
  // Unloads what a load of ours may bring, unless somebody wants it: who has
  // asked for it since it had had `arrivals`.
  void TakeBack(const std::string& name, int64_t arrivals);
  // Whatever runs on it.
  absl::Status UnloadNow(const std::string& name);
  // Of one that is ready; its memory may have been measured that long ago.
  Residency ResidencyOf(const llama_swap::RunningModel& model,
                        const ModelSpec& spec, absl::Duration age)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // 0: it cannot be measured.
  int64_t MemoryOf(const llama_swap::RunningModel& model, absl::Duration age)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<HttpClient> http_;
  const Options options_;
  const EngineInfo info_;  // without what may change
  const bool is_on_this_host_;
  llama_swap::LlamaSwapApi api_;
  const ProcessMemory memory_;
  llama_swap::Feed feed_;
  std::atomic<bool> is_identified_ = false;
  mutable Mutex mutex_;
  std::string version_ ABSL_GUARDED_BY(mutex_);
  // What is listed, by name, and the names behind aliases.
  std::map<std::string, llama_swap::ListedModel, std::less<>> listed_
      ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string, std::less<>> aliases_
      ABSL_GUARDED_BY(mutex_);
  absl::Time listed_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::map<std::string, Measured, std::less<>> measured_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_ENGINE_H_
