#ifndef WARMUP_ADAPTERS_ENGINES_VLLM_VLLM_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_VLLM_VLLM_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/vllm/answers.h"
#include "adapters/engines/vllm/vllm_api.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// How long an unload waits, first for the requests in flight to end, then for
// the server to sleep; and a load, after its last answer, until it is awake.
inline constexpr absl::Duration kVllmUnloadTimeout = absl::Seconds(15);
inline constexpr absl::Duration kVllmAwakeWithin = absl::Seconds(10);
// What a sleep of level 1 leaves of the host's free memory.
inline constexpr int64_t kVllmHostReserveBytes = int64_t{2} << 30;

// A vLLM server, which has one model: loaded while it is awake. A model's
// source is the first of the names it is served under.
//
// To unload it is to put the server to sleep: at level 1, where the weights go
// to the host's memory, if there is room for them, else at level 2, where they
// are read anew. (It then answers nobody until it is woken: requests do not
// wake it.) A sleep aborts the requests in flight, so they are waited for, and
// a server that does not show them is never put to sleep.
//
// A server of which nobody tells how deep it sleeps is woken as from level 2,
// which is right for both: woken as from level 1, one at level 2 would answer
// nonsense. It counts as cold, too; one at level 1 is in the tier "host", with
// nothing on its device. A wake that is cancelled is ended first (it takes some
// seconds at most), then the server is put back to sleep, unless requests have
// come meanwhile.
//
// Without VLLM_SERVER_DEV_MODE=1 it has no sleep: its model is always loaded.
//
// Uses are its count of requests served. It shows no memory: the model's size
// is what its owner said.
//
// Errors beyond those of StatusOf (answer_status.h): NOT_FOUND
// (MODEL_NOT_FOUND), FAILED_PRECONDITION (MEMORY_IN_USE, NO_SLEEP_MODE,
// NOT_VLLM), UNAVAILABLE (LOAD_NOT_CONFIRMED, ENGINE_ANSWER_UNREADABLE).
//
// Thread-safe. No I/O happens under the mutex.
class VllmEngine final : public Engine {
 public:
  using SkippedCallback =
      std::function<void(std::string_view name, const absl::Status& why)>;
  struct Options {
    // Told what Discover passes over; called on its thread.
    SkippedCallback on_skipped = [](std::string_view, const absl::Status&) {};
    // Memory of the vLLM's host that is free now. Where nobody measures it,
    // there is room.
    std::function<int64_t()> host_free_bytes = [] {
      return std::numeric_limits<int64_t>::max();
    };
    int64_t host_reserve_bytes = kVllmHostReserveBytes;
    absl::Duration unload_timeout = kVllmUnloadTimeout;
    absl::Duration awake_within = kVllmAwakeWithin;
  };

  // Takes its id from `http`.
  VllmEngine(std::unique_ptr<HttpClient> http, Options options);
  ~VllmEngine() override = default;

  // The version of the vLLM there ("" where it tells none), or why it is none:
  // FAILED_PRECONDITION (NOT_VLLM).
  static absl::StatusOr<std::string> Probe(HttpClient& http);

  EngineInfo info() const override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override;
  // FAILED_PRECONDITION: MEMORY_IN_USE when requests on the model do not end
  // within `unload_timeout`, or cannot be seen; NO_SLEEP_MODE.
  absl::Status Unload(const ModelSpec& spec) override;
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override;

 private:
  class OwnChange;
  // One call of those that wake a server.
  struct Step {
    const char* path;
    const char* body;
  };

  // An error unless a vLLM is there; asked again when it was away.
  absl::Status Identify(const HttpCall& call) ABSL_LOCKS_EXCLUDED(mutex_);
  // NOT_FOUND unless its model is the one named so.
  absl::StatusOr<vllm::ServedModel> Find(const std::string& name,
                                         const HttpCall& call);
  // No, too, where there is no sleep.
  absl::StatusOr<bool> IsSleeping(const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Hands an answer on, and notes one that says that the server is away: it may
  // be another one when it is back.
  absl::Status Noted(absl::Status answer) ABSL_LOCKS_EXCLUDED(mutex_);
  template <class Value>
  absl::StatusOr<Value> Noted(absl::StatusOr<Value> answer) {
    if (!answer.ok()) return Noted(answer.status());
    return answer;
  }

  static std::vector<Step> StepsFrom(vllm::Sleep sleep);
  absl::Status AwaitAwake(const std::string& name, LoadControl& control);
  // After a wake that came to no good end. `left`: the steps that are to be
  // done first, because one that is half awake cannot be put to sleep.
  void GoBack(const std::string& name, const std::vector<Step>& left,
              vllm::Sleep sleep);
  absl::Status Drain(const std::string& name);
  absl::Status PutToSleep(const std::string& name, vllm::Sleep sleep,
                          absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_);
  vllm::Sleep ChooseSleep(const ModelSpec& spec) const;
  // As far as is known.
  bool WasAsleep() const ABSL_LOCKS_EXCLUDED(mutex_);
  // How deep a server sleeps that sleeps.
  vllm::Sleep SleepOf(const vllm::Metrics& metrics) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t TakeUses(const vllm::Metrics& metrics)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<HttpClient> http_;
  const Options options_;
  const EngineInfo info_;  // without the version and abilities
  const vllm::VllmApi api_;
  std::atomic<bool> is_identified_ = false;
  mutable Mutex mutex_;
  std::string version_ ABSL_GUARDED_BY(mutex_);
  bool has_sleep_ ABSL_GUARDED_BY(mutex_) = false;
  // How deep we put it to sleep, while it has not been seen awake since.
  vllm::Sleep own_sleep_ ABSL_GUARDED_BY(mutex_) = vllm::Sleep::kUnknown;
  // Loads and unloads of ours: begun or ended so far; under way; loads of them.
  int64_t own_changes_ ABSL_GUARDED_BY(mutex_) = 0;
  int own_under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  int own_loads_ ABSL_GUARDED_BY(mutex_) = 0;
  // As last seen; empty: not yet.
  std::optional<bool> was_awake_ ABSL_GUARDED_BY(mutex_);
  std::optional<int64_t> served_ ABSL_GUARDED_BY(mutex_);  // and told
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_VLLM_VLLM_ENGINE_H_
