#ifndef WARMUP_CORE_PORTS_ENGINE_H_
#define WARMUP_CORE_PORTS_ENGINE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/model/model.h"

namespace warmup {

// The runtime's side of one load, handed to the engine for its duration.
// Thread-safe.
class LoadControl {
 public:
  virtual ~LoadControl() = default;
  // True once the load is no longer wanted or has outlived its timeout. An
  // engine looks often enough to stop within milliseconds, gives back what it
  // took, and returns CANCELLED.
  virtual bool IsCancelled() const = 0;
  // Bytes in memory so far and in all (total 0: unknown). Cheap; may be called
  // from any thread of the engine.
  virtual void ReportProgress(int64_t done_bytes, int64_t total_bytes) = 0;
};

// What an engine measured of one model, now.
struct Residency {
  Tier tier = Tier::kCold;
  int64_t resident_bytes = 0;  // memory that would come back if unloaded
  int64_t total_bytes = 0;     // when wholly warm
};

// What can be done with an engine, and what it shows of itself. For people:
// decisions rest on what it does.
struct EngineAbilities {
  bool can_load = false;
  bool can_unload = false;
  bool has_tiers = false;  // can keep a model warm without its being ready
  bool shows_progress = false;
  bool shows_use = false;  // by whomever: Sighting::uses
  bool shows_memory = false;

  bool operator==(const EngineAbilities&) const = default;
};

struct EngineInfo {
  std::string id;        // the name models refer to in ModelSpec::engine
  std::string kind;      // "files", "ollama"
  std::string endpoint;  // where it is, for people; empty: built in
  std::string version;   // as it tells; empty: it does not, or not yet
  // It has at most so many in memory, and drives out others for one more.
  // 0: as many as fit, or it does not tell.
  int max_models = 0;
  EngineAbilities abilities;
};

// What an engine shows of one model at one look.
struct Sighting {
  Residency residency;
  // Requests that were served since the look before, by whomever: an engine
  // that cannot tell how many says 1 for some, one that cannot tell at all 0.
  int64_t uses = 0;
  bool is_busy = false;  // a request is in flight, as far as that is shown
  // It is being loaded. If not by us, somebody waits for it.
  bool is_loading = false;
  // It does not answer, but a load would find most of it in memory.
  bool is_cached = false;
  // Somebody took it out of memory before its time, not the engine by itself.
  bool was_unloaded = false;
};

// What a finished load cost.
struct LoadResult {
  Residency residency;
  // From disk or network; the rest was there already. 0 where the engine
  // cannot tell, and then `start` says so.
  int64_t read_bytes = 0;
  LoadStart start = LoadStart::kUnknown;
  int64_t peak_bytes = 0;  // the most it took on its way; 0: not measured
};

// An inference server, or the built-in file warmer, that can hold models.
//
// Calls block and may come from several threads at once, but never two of
// Load and Unload for one model at a time (the runtime's coordinator sees to
// that). None is made while a mutex is held. Lives longer than the runtime.
//
// Errors: NOT_FOUND the engine does not know the model or its file is gone;
// FAILED_PRECONDITION it is damaged (a retry will not help until it changes);
// CANCELLED; RESOURCE_EXHAUSTED no memory; UNAVAILABLE the engine is.
class Engine {
 public:
  virtual ~Engine() = default;
  // Its id, kind and endpoint are the same for as long as it lives; the rest
  // may change when the server is another one after a restart. Does not block.
  virtual EngineInfo info() const = 0;
  // The models this engine offers by itself (files under its roots).
  virtual absl::StatusOr<std::vector<ModelSpec>> Discover() = 0;
  // Fills in what the engine can tell about a model to be registered: size,
  // peak, format, architecture, context length, type where unspecified.
  virtual absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) = 0;
  // Returns when the model is ready. On any error the engine has given back
  // what this load took.
  virtual absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                          LoadControl& control) = 0;
  // Returns when the memory is seen free. Idempotent.
  virtual absl::Status Unload(const ModelSpec& spec) = 0;
  // Looks at these models of its own, one answer each, in their order; one
  // that the engine does not know is cold. A look neither loads a model nor
  // keeps awake what others loaded; what Load brought in may be renewed. An
  // error is about the engine as a whole: it is not there, or not what it was.
  virtual absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PORTS_ENGINE_H_
