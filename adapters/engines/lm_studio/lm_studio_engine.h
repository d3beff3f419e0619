#ifndef WARMUP_ADAPTERS_ENGINES_LM_STUDIO_LM_STUDIO_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_LM_STUDIO_LM_STUDIO_ENGINE_H_

#include <atomic>
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
#include "adapters/engines/lm_studio/answers.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// How long an unload waits until LM Studio no longer shows the model, and a
// load, after its answer, until it does.
inline constexpr absl::Duration kLmStudioUnloadTimeout = absl::Seconds(10);
inline constexpr absl::Duration kLmStudioShownWithin = absl::Seconds(2);

inline constexpr EngineAbilities kLmStudioAbilities = {.can_load = true,
                                                       .can_unload = true,
                                                       .has_tiers = false,
                                                       .shows_progress = false,
                                                       .shows_use = false,
                                                       .shows_memory = false};

// An LM Studio server (0.4 or later: its API v1). A model's source is its key.
//
// Loads send no options, so that they are those that its user set for the
// model. A model that is loaded already is not loaded once more: that would
// make a second instance of it. What a load brings in after it was cancelled is
// unloaded by its instance's id; so only the end of this object, while one is
// under way, may leave something behind.
//
// Instances that others loaded are theirs: an unload takes our own, and all of
// a model only where none of them is ours. LM Studio shows neither requests nor
// memory: a model's size is that of its file.
//
// Errors beyond those of StatusOf (answer_status.h): NOT_FOUND
// (MODEL_NOT_FOUND), FAILED_PRECONDITION (MODEL_DAMAGED, MEMORY_IN_USE,
// NOT_LM_STUDIO), UNAVAILABLE (LOAD_NOT_CONFIRMED, ENGINE_ANSWER_UNREADABLE).
//
// Thread-safe. No I/O happens under the mutex.
class LmStudioEngine final : public Engine {
 public:
  using SkippedCallback =
      std::function<void(std::string_view name, const absl::Status& why)>;
  struct Options {
    // Told what Discover passes over; called on its thread.
    SkippedCallback on_skipped = [](std::string_view, const absl::Status&) {};
    absl::Duration unload_timeout = kLmStudioUnloadTimeout;
    absl::Duration shown_within = kLmStudioShownWithin;
  };

  // Takes its id from `http`.
  LmStudioEngine(std::unique_ptr<HttpClient> http, Options options);
  ~LmStudioEngine() override = default;

  // "", because LM Studio does not tell its version, or why it is none:
  // FAILED_PRECONDITION (NOT_LM_STUDIO).
  static absl::StatusOr<std::string> Probe(HttpClient& http);

  EngineInfo info() const override { return info_; }
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override;
  absl::Status Unload(const ModelSpec& spec) override;
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override;
  // Loads that were cancelled and are not wholly given back yet.
  int CountLeftLoads() const { return loads_.CountLeft(); }

 private:
  using Models = std::map<std::string, lm_studio::ListedModel, std::less<>>;
  struct Own {
    std::string key;
    absl::Time since;
  };

  // Asks for /api/v1/models and takes note of it. By key.
  absl::StatusOr<Models> Observe(const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // An error unless an LM Studio is there; asked again when it was away.
  absl::Status Identify(const HttpCall& call);
  absl::StatusOr<lm_studio::ListedModel> Find(const std::string& key,
                                              const HttpCall& call);
  // The instance that the answer to a load tells.
  absl::StatusOr<std::string> Judge(const HttpResponse& answer,
                                    const std::string& key) const;
  absl::Status AwaitShown(const std::string& key, const std::string& instance,
                          LoadControl& control);
  // What our own load brought in and nobody wants; its error says more than
  // that of giving it back.
  void GiveBack(const std::string& key, const std::string& instance);
  void GiveBackAll(const std::string& key);
  // Done when it is not there.
  absl::Status UnloadInstance(const std::string& key,
                              const std::string& instance);
  // From a list that was asked for then, which of ours others unloaded.
  void NoteGone(const Models& models, absl::Time asked)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<HttpClient> http_;
  const Options options_;
  const EngineInfo info_;
  std::atomic<bool> is_identified_ = false;
  mutable Mutex mutex_;
  std::map<std::string, Own> ours_ ABSL_GUARDED_BY(mutex_);  // by instance
  // Models whose instance of ours somebody unloaded; until a look tells.
  std::set<std::string, std::less<>> unloaded_ ABSL_GUARDED_BY(mutex_);
  LoadCalls loads_;  // last: its threads use the others
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_LM_STUDIO_LM_STUDIO_ENGINE_H_
