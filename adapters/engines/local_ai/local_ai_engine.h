#ifndef WARMUP_ADAPTERS_ENGINES_LOCAL_AI_LOCAL_AI_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_LOCAL_AI_LOCAL_AI_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/http/load_calls.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// How long an unload waits for the requests on the model to end, and a load,
// after its answer, until the model shows as loaded.
inline constexpr absl::Duration kLocalAiUnloadTimeout = absl::Seconds(20);
inline constexpr absl::Duration kLocalAiShownWithin = absl::Seconds(2);

inline constexpr EngineAbilities kLocalAiAbilities = {.can_load = true,
                                                      .can_unload = true,
                                                      .has_tiers = false,
                                                      .shows_progress = false,
                                                      .shows_use = false,
                                                      .shows_memory = false};

// A LocalAI server. A model's source is its name there.
//
// It answers Ollama's calls too, and says there that it loads and does not: its
// own are used, and believed when /system shows the model.
//
// A load that fails starts a cooldown, in which all loads of that model are
// refused, its users' too. So a model that it does not list is not asked for; a
// load that was cancelled goes on, and what it brings in is given back then;
// and the refusals of a cooldown are ENGINE_BUSY with the time it still lasts.
//
// It shows neither requests nor, without making itself busy, memory: a model's
// size is what LocalAI estimates. Whom a model was loaded by, or why one is
// gone (it has watchdogs of its own), it does not tell.
//
// Errors beyond those of StatusOf (answer_status.h): NOT_FOUND
// (MODEL_NOT_FOUND), FAILED_PRECONDITION (MODEL_DAMAGED, MEMORY_IN_USE,
// NOT_LOCAL_AI), UNAVAILABLE (LOAD_NOT_CONFIRMED, ENGINE_ANSWER_UNREADABLE).
//
// Thread-safe. No I/O happens under the mutex.
class LocalAiEngine final : public Engine {
 public:
  using SkippedCallback =
      std::function<void(std::string_view name, const absl::Status& why)>;
  struct Options {
    // Told what Discover passes over; called on its thread.
    SkippedCallback on_skipped = [](std::string_view, const absl::Status&) {};
    absl::Duration unload_timeout = kLocalAiUnloadTimeout;
    absl::Duration shown_within = kLocalAiShownWithin;
  };

  // Takes its id from `http`.
  LocalAiEngine(std::unique_ptr<HttpClient> http, Options options);
  ~LocalAiEngine() override = default;

  // The version of the LocalAI there ("" where it tells none), or why it is
  // none: FAILED_PRECONDITION (NOT_LOCAL_AI).
  static absl::StatusOr<std::string> Probe(HttpClient& http);

  EngineInfo info() const override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override;
  // FAILED_PRECONDITION (MEMORY_IN_USE) when a request on the model does not
  // end within `unload_timeout`. LocalAI itself waits longer.
  absl::Status Unload(const ModelSpec& spec) override;
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override;
  // Loads that were cancelled and are not wholly given back yet.
  int CountLeftLoads() const { return loads_.CountLeft(); }

 private:
  using Names = std::set<std::string, std::less<>>;

  // An error unless a LocalAI is there; asked again when it was away.
  absl::Status Identify(const HttpCall& call) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Names> Listed(const HttpCall& call);
  absl::StatusOr<Names> Loaded(const HttpCall& call);
  absl::StatusOr<Names> GetNames(
      const char* path,
      absl::StatusOr<std::vector<std::string>> (*read)(std::string_view),
      const HttpCall& call);
  // What the answer to a load means.
  absl::Status Judge(const HttpResponse& answer, const std::string& name) const;
  absl::Status AwaitShown(const std::string& name, LoadControl& control);
  // Of a load that begins.
  int64_t Number(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);
  // What the load of that number brought in and nobody wants, unless another
  // load of the model has begun since.
  void GiveBack(const std::string& name, int64_t number,
                const Names& brought_in) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Shutdown(const std::string& name);

  const std::unique_ptr<HttpClient> http_;
  const Options options_;
  const EngineInfo info_;  // without the version
  std::atomic<bool> is_identified_ = false;
  mutable Mutex mutex_;
  std::string version_ ABSL_GUARDED_BY(mutex_);
  int64_t loads_begun_ ABSL_GUARDED_BY(mutex_) = 0;
  // The number of each model's latest load.
  std::map<std::string, int64_t> latest_ ABSL_GUARDED_BY(mutex_);
  LoadCalls loads_;  // last: its threads use the others
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_LOCAL_AI_LOCAL_AI_ENGINE_H_
