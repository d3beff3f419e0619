#ifndef WARMUP_ADAPTERS_ENGINES_OLLAMA_OLLAMA_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_OLLAMA_OLLAMA_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/files/residency_round.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/ollama/model_book.h"
#include "adapters/engines/ollama/ollama_api.h"
#include "adapters/engines/ollama/use_watch.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// How long a model that we loaded stays without us. It is renewed when less
// than kRenewBefore of it is left, so that a dead daemon leaves nothing behind.
inline constexpr absl::Duration kOllamaKeepAlive = absl::Minutes(5);
inline constexpr absl::Duration kOllamaRenewBefore = absl::Minutes(2);
// How long an unload waits until Ollama no longer shows the model.
inline constexpr absl::Duration kOllamaUnloadTimeout = absl::Seconds(10);
// How long Ollama may take to notice that who asked for a load has left.
inline constexpr absl::Duration kOllamaAbortTime = absl::Milliseconds(400);
// How long a look may take: newer versions may answer /api/ps only when a load
// is over.
inline constexpr absl::Duration kOllamaLookTimeout = absl::Seconds(2);

inline constexpr EngineAbilities kOllamaAbilities = {.can_load = true,
                                                     .can_unload = true,
                                                     .has_tiers = false,
                                                     .shows_progress = false,
                                                     .shows_use = true,
                                                     .shows_memory = true};

// An Ollama server. A model's source is its name in Ollama.
//
// Loads send no options, so that they are what a client without any gets, and
// the connection stays open until the load ends, because Ollama aborts it when
// it closes. What it answers is believed only when /api/ps shows it.
//
// A model that others loaded is theirs: it is never renewed, and a load by us
// asks for nothing while it stays, because Ollama would load it anew where its
// user's options differ from ours, which are none. The same when others had
// ours loaded anew, as far as the context length shows it. Of our own, a look
// renews those it is asked about; so when nobody looks any more, all is given
// back by itself.
//
// Several names may share one runner (see ModelBook): each is then ready, and
// an unload of one is an unload of all. Uses go to the name that Ollama shows.
//
// Thread-safe. No I/O happens under the mutex.
class OllamaEngine final : public Engine {
 public:
  using SkippedCallback =
      std::function<void(std::string_view name, const absl::Status& why)>;
  struct Options {
    // Told what Discover passes over; called on its thread.
    SkippedCallback on_skipped = [](std::string_view, const absl::Status&) {};
    absl::Duration unload_timeout = kOllamaUnloadTimeout;
  };

  // Takes its id from `http`.
  OllamaEngine(std::unique_ptr<HttpClient> http, Options options);
  ~OllamaEngine() override = default;

  // The version of the Ollama there, or why it is none (see OllamaApi::Probe).
  static absl::StatusOr<std::string> Probe(HttpClient& http);

  EngineInfo info() const override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    EngineInfo info = info_;
    info.version = version_;
    return info;
  }
  // FAILED_PRECONDITION (NOT_OLLAMA) when something else listens there.
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  // The size is that of the file until a load has measured it; the peak adds
  // the context that Ollama makes room for.
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  // UNAVAILABLE (LOAD_NOT_CONFIRMED) when Ollama says that it has loaded the
  // model, and does not show it.
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override;
  // FAILED_PRECONDITION (MEMORY_IN_USE) when the model is still there after
  // `unload_timeout`: a request on it does not end. One that Ollama does not
  // know, or does not show, is unloaded.
  absl::Status Unload(const ModelSpec& spec) override;
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override;

 private:
  class OwnCall;
  // What a name is known by; a copy.
  struct Known {
    int64_t size_bytes = 0;
    bool is_embedder = false;
    std::string format;
  };
  // A running model, and whether it is there by a load of ours.
  struct Found {
    ollama::RunningModel model;
    bool is_ours = false;
  };

  // Asks for /api/tags and takes note of it; an empty answer when that was
  // done since `not_before`.
  absl::StatusOr<std::vector<ollama::ListedModel>> List(absl::Time not_before,
                                                        const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Empty: Ollama does not list it.
  std::optional<Known> FindKnown(const std::string& name)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // An error unless an Ollama is there: others answer its calls too, with other
  // meanings. Asked again when it was away.
  absl::Status Identify() ABSL_LOCKS_EXCLUDED(mutex_);
  // Asks for /api/ps and takes note of it.
  absl::StatusOr<ollama::View> Observe(const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<Found> FindIn(const ollama::View& view, const std::string& name)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether it is there for a while yet, whatever we do.
  bool Stays(const ollama::RunningModel& model, absl::Time now)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The model as /api/ps shows it after a call that loads or renews it;
  // `before`: as it was. Waits a little for what comes late.
  absl::StatusOr<Found> Confirm(const std::string& name,
                                const std::optional<Found>& before);
  // How much of its weights a load would find in memory. Nothing where that
  // cannot be known: they are elsewhere, or another user's, or which file they
  // are in is not known, and Ollama does not tell.
  std::optional<Residency> MeasureWeights(const std::string& name,
                                          const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Marks those that are not loaded, but in the page cache.
  void LookForWeights(const std::vector<ModelSpec>& specs,
                      std::vector<Sighting>* sightings);
  // Empty: not known.
  std::string BlobOf(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);
  // Learns which files the models rest on, to tell who shares a runner.
  void LearnBlobs(const ollama::View& view, const std::string& name);
  // Unloads the model if it shows within `patience`.
  void TakeBack(const std::string& name, absl::Duration patience);
  absl::Status AwaitGone(const std::string& name, absl::Time deadline);
  // What the view tells of them, and of their uses since the one before.
  std::vector<Sighting> Sight(const ollama::View& view,
                              const std::vector<ModelSpec>& specs)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Those that the view shows as ours and soon to expire.
  void Renew(const ollama::View& view, const std::vector<ModelSpec>& specs)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Of one that others loaded, or busy, or not soon to expire, nothing.
  bool BeginRenewal(const Found& found, absl::Time now)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void EndRenewal() ABSL_LOCKS_EXCLUDED(mutex_);
  // From here on no look renews the model.
  void Disown(const ollama::View& view, const std::string& name)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<HttpClient> http_;
  const Options options_;
  const EngineInfo info_;  // without the version
  ollama::OllamaApi api_;
  ResidencyRound round_{kRoundTime};
  mutable Mutex mutex_;
  CondVar renewed_;
  int renewals_ ABSL_GUARDED_BY(mutex_) = 0;  // under way
  ollama::ModelBook book_ ABSL_GUARDED_BY(mutex_);
  ollama::UseWatch watch_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> is_identified_ = false;
  std::string version_ ABSL_GUARDED_BY(mutex_);
  absl::Time listed_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_OLLAMA_OLLAMA_ENGINE_H_
