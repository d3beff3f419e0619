#ifndef WARMUP_CORE_MODEL_MODEL_H_
#define WARMUP_CORE_MODEL_MODEL_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Plain values that every layer shares. No behaviour beyond validation.
namespace warmup {

// Unique in the catalogue: 1 to limits::kMaxIdBytes printable characters
// without white space ("qwen2.5-coder:1.5b", "org/model-name").
using ModelId = std::string;
using SessionId = std::string;
using LeaseId = std::string;

// What a model is for; also the task of a prediction request.
enum class ModelType {
  kUnspecified,
  kCompletion,
  kChat,
  kEmbedding,
  kRerank,
  kClassification,
  kGeneration,
  kAnalysis,
  kRefactoring,
  kTranslation,
  kCustom,
};

// How warm a model is. An engine's answer, never an assumption.
enum class Tier {
  kCold,   // on disk only
  kHost,   // partly or wholly in RAM, but not answering at once
  kReady,  // answers at once
};

enum class Priority { kLow, kMedium, kHigh, kCritical };

// Why a load is done, least urgent first: the order decides who goes first
// and who may be cancelled for whom.
enum class LoadKind {
  kSpeculative,  // on a forecast
  kAnnounced,    // a client named the model it is about to use
  kDemand,       // somebody waits
};

// An entry of the catalogue as its owner wrote it.
struct ModelSpec {
  ModelId id;
  ModelType type = ModelType::kUnspecified;
  std::string engine;  // the id of a configured engine
  std::string source;  // the engine's own name for it: a path for `files`
  std::string device = "host";
  Priority priority = Priority::kMedium;
  bool is_pinned = false;
  // Bytes of memory while ready and the peak while loading. 0: not yet known,
  // the engine estimates.
  int64_t size_bytes = 0;
  int64_t peak_bytes = 0;
  // Read from the model's header where there is one; empty or 0 otherwise.
  std::string format;        // "gguf", "safetensors", "raw"
  std::string architecture;  // "llama", "bert", ...
  int64_t context_length = 0;
  std::map<std::string, std::string> labels;
  // Counts changes of this entry from 1; an update may demand a revision.
  int64_t revision = 0;

  bool operator==(const ModelSpec&) const = default;
};

// What its engine calls the model.
inline const std::string& NameInEngine(const ModelSpec& spec) {
  return spec.source.empty() ? spec.id : spec.source;
}

// What a load found. One that read at least half of its bytes from disk or
// network was cold.
enum class LoadStart {
  kUnknown,  // the engine cannot tell
  kCold,
  kWarm,   // most was in the page cache, or in an engine's host tier
  kReady,  // nothing was to be done: it tells nothing of how long loads take
};

// `total_bytes` is what a load reads when nothing of it is in memory.
LoadStart StartOf(int64_t read_bytes, int64_t total_bytes);

// A moving average, and how many measurements it rests on.
struct LearnedTime {
  int count = 0;  // 0: an estimate, or nothing
  absl::Duration mean;
  bool operator==(const LearnedTime&) const = default;
};

// What was measured of a model on its engine, kept over restarts.
struct ModelMeasurements {
  LearnedTime cold_load;
  LearnedTime warm_load;
  LearnedTime other_load;    // of which it is not known what they found
  LearnedTime first_answer;  // of a ready model, as clients tell
  int memory_count = 0;      // how often memory was measured after a load
  int64_t steady_bytes = 0;  // the last time; 0: never
  // The most that the last load took on its way; 0: its engine cannot tell.
  int64_t peak_bytes = 0;
  bool operator==(const ModelMeasurements&) const = default;
};

// Whether what was measured of the one entry holds for the other: the same
// model in the same place, with the same options.
bool IsMeasuredAlike(const ModelSpec& a, const ModelSpec& b);

// The guide's switching policy. Out-of-range values are refused by
// ValidatePolicy.
struct SwitchingPolicy {
  int max_concurrent_models = 0;  // ready or loading at once; 0: no limit
  absl::Duration switching_timeout = absl::Minutes(5);  // one load, at most
  bool resource_aware_switching = true;  // false: only the count limits
  bool predictive_preloading = true;
  int max_concurrent_loads = 1;
  // Seconds of waiting that holding a GiB for an hour is worth; 0: nothing is
  // unloaded but for room.
  double memory_price = 0;

  bool operator==(const SwitchingPolicy&) const = default;
};

std::string_view ToString(ModelType type);
std::string_view ToString(Tier tier);
std::string_view ToString(Priority priority);
std::string_view ToString(LoadKind kind);

// INVALID_ARGUMENT naming `field` unless `id` is a legal identifier (see
// ModelId).
absl::Status ValidateId(std::string_view field, std::string_view id);
absl::Status ValidateSpec(const ModelSpec& spec);
absl::Status ValidatePolicy(const SwitchingPolicy& policy);

}  // namespace warmup

#endif  // WARMUP_CORE_MODEL_MODEL_H_
