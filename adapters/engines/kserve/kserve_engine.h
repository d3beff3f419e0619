#ifndef WARMUP_ADAPTERS_ENGINES_KSERVE_KSERVE_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_KSERVE_KSERVE_ENGINE_H_

#include <functional>
#include <initializer_list>
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
#include "adapters/engines/kserve/answers.h"
#include "adapters/engines/kserve/kserve_api.h"
#include "adapters/engines/kserve/unload_watch.h"
#include "adapters/engines/kserve/use_watch.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// How long an unload waits until the server no longer shows the model.
inline constexpr absl::Duration kKserveUnloadTimeout = absl::Seconds(10);
// How long a load that is given up waits for the server to come to its end.
inline constexpr absl::Duration kKserveGiveUpTimeout = absl::Seconds(10);

// A server of the open inference protocol (gRPC) that loads models when told
// to: Triton with --model-control-mode=explicit, MLServer, or KServe's own. A
// model's source is its name in the server.
//
// What each answers is believed only when its index (of KServe's own server,
// which has none: ModelReady) shows the same. A model that is ready is never
// loaded again, with one exception: Triton goes on calling a model ready whose
// worker has died. When its last kFailuresBelieved requests have failed, it is
// taken for dead: a look shows it as cold, and a load unloads it first, which
// heals it. So it takes requests to find one, and a model that fails whatever
// it is asked looks the same.
//
// None of them stops a load when its caller leaves. A load that is cancelled
// waits until the server is done with it, and has it unloaded then; what is not
// over after `give_up_timeout` is noticed by later looks, and taken back by
// them. No unload is asked for earlier: Triton would do it at once after the
// load, and may crash of that (kserve_loads.cc). A load that somebody else had
// begun is left alone.
//
// Uses are counted from Triton's statistics or MLServer's metrics; KServe's own
// server shows none. None shows requests that are still running. Where memory
// is not told either, a model's registered size stands for it.
//
// Thread-safe. No I/O happens under the mutex.
class KserveEngine final : public Engine {
 public:
  using SkippedCallback =
      std::function<void(std::string_view name, const absl::Status& why)>;
  struct Options {
    // Told what Discover passes over; called on its thread.
    SkippedCallback on_skipped = [](std::string_view, const absl::Status&) {};
    // Of MLServer's metrics, "http://host:port". Empty: its uses are not seen.
    std::string metrics_endpoint;
    absl::Duration unload_timeout = kKserveUnloadTimeout;
    absl::Duration give_up_timeout = kKserveGiveUpTimeout;
  };

  // INVALID_ARGUMENT naming the endpoint that is wrong: it is
  // "grpc://host:port" or "unix:/path". The server need not be there.
  static absl::StatusOr<std::unique_ptr<KserveEngine>> Create(
      const std::string& id, const std::string& endpoint, Options options);
  // What is there ("triton 2.51.0"), or why it is none of these:
  // FAILED_PRECONDITION (NOT_KSERVE).
  static absl::StatusOr<std::string> Probe(const std::string& id,
                                           const std::string& endpoint);

  EngineInfo info() const override ABSL_LOCKS_EXCLUDED(mutex_);
  // Everything in the index. KServe's own server has none: its models are to be
  // registered by hand.
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  // Only that there is such a model: nothing more is told.
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  // UNAVAILABLE (LOAD_NOT_CONFIRMED) when the server says that it has loaded
  // the model, and does not show it.
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override;
  // FAILED_PRECONDITION (MEMORY_IN_USE) when the model is still there after
  // `unload_timeout`: requests on it go on, or somebody loads it.
  absl::Status Unload(const ModelSpec& spec) override;
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override;

 private:
  KserveEngine(std::unique_ptr<kserve::KserveApi> api,
               std::unique_ptr<HttpClient> metrics, Options options);

  // What is there; asked again after it was away.
  absl::StatusOr<kserve::Flavour> Identify(const kserve::RpcCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Passes an error on. If it says that the server is not there, or another
  // one, what is known of it is forgotten.
  absl::Status Note(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // The index, or what was had of it since `not_before`.
  absl::StatusOr<kserve::Index> List(absl::Time not_before,
                                     const kserve::RpcCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The index. KServe's own server has none: what it says of these models.
  absl::StatusOr<kserve::Index> ListThese(kserve::Flavour flavour,
                                          const std::vector<ModelSpec>& specs);
  absl::StatusOr<kserve::ModelState> StateOf(kserve::Flavour flavour,
                                             const std::string& name,
                                             const kserve::RpcCall& call);
  // Takes note of the counters, where there are any.
  absl::Status ObserveUse(kserve::Flavour flavour) ABSL_LOCKS_EXCLUDED(mutex_);
  Sighting SightingOf(const ModelSpec& spec, const kserve::IndexedModel& model)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Residency ReadyResidency(const ModelSpec& spec) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsFailing(const std::string& name) const ABSL_LOCKS_EXCLUDED(mutex_);

  // --- kserve_loads.cc ---
  // Asks for a load, and sees that it was done.
  absl::Status LoadAndConfirm(kserve::Flavour flavour, const std::string& name,
                              const kserve::RpcCall& call);
  // Waits for a load that is going on, whosever it is, until the server can
  // unload what was loaded.
  absl::Status AwaitLoadEnd(kserve::Flavour flavour, const std::string& name,
                            const kserve::RpcCall& call);
  // Asks for an unload, and waits until it is done.
  absl::Status UnloadAndAwait(kserve::Flavour flavour, const std::string& name,
                              const kserve::RpcCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the model is in none of `states`; MEMORY_IN_USE: it still is.
  absl::Status AwaitLeft(kserve::Flavour flavour, const std::string& name,
                         std::initializer_list<kserve::ModelState> states,
                         const kserve::RpcCall& call);
  // A load of ours has ended with `status`: what may come of it all the same is
  // taken back.
  void GiveUp(kserve::Flavour flavour, const std::string& name,
              const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // The model is wanted: nothing that was given up of it is to come between.
  absl::Status Claim(kserve::Flavour flavour, const std::string& name,
                     const kserve::RpcCall& call) ABSL_LOCKS_EXCLUDED(mutex_);
  // Takes back what was given up and has come, out of `index` too: nobody is
  // to have it.
  void Sweep(kserve::Flavour flavour, kserve::Index& index)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Names of `index` to be swept now; they are `sweeping_` until EndSweep.
  std::vector<std::string> BeginSweep(kserve::Flavour flavour,
                                      const kserve::Index& index)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void EndSweep(const std::string& name, bool is_done)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<kserve::KserveApi> api_;
  const std::unique_ptr<HttpClient> metrics_;  // null: none
  const Options options_;
  mutable Mutex mutex_;
  CondVar swept_;
  // The last one that was there; asked anew unless `is_identified_`.
  kserve::Server server_ ABSL_GUARDED_BY(mutex_);
  bool is_identified_ ABSL_GUARDED_BY(mutex_) = false;
  bool shows_memory_ ABSL_GUARDED_BY(mutex_) = false;
  kserve::Index listed_ ABSL_GUARDED_BY(mutex_);
  absl::Time listed_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  kserve::UseWatch uses_ ABSL_GUARDED_BY(mutex_);
  kserve::UnloadWatch unloads_ ABSL_GUARDED_BY(mutex_);
  kserve::StatisticsByModel statistics_ ABSL_GUARDED_BY(mutex_);
  // Models whose load was given up and may still come, and since when.
  std::map<std::string, absl::Time, std::less<>> given_up_
      ABSL_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> sweeping_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_KSERVE_KSERVE_ENGINE_H_
