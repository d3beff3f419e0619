#ifndef WARMUP_CORE_MODEL_CATALOGUE_H_
#define WARMUP_CORE_MODEL_CATALOGUE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/model/model.h"

namespace warmup {

// NOT_FOUND naming the model.
absl::Status ModelNotFound(const ModelId& id);
// FAILED_PRECONDITION: the model is `what` ("leased").
absl::Status ModelInUse(const ModelId& id, std::string_view what);

// The models this daemon knows, by id, with what was measured of them.
// Sans-I/O, not thread-safe. Bounded by limits::kMaxModels.
class Catalogue {
 public:
  struct Entry {
    ModelSpec spec;
    ModelMeasurements measured;

    // Bytes to set aside before a load: what its engine measured of the last
    // one, else the estimate, and never less than was seen.
    int64_t PeakBytes() const;
  };

  // What a finished load cost.
  struct FinishedLoad {
    LoadStart start = LoadStart::kUnknown;
    absl::Duration time;
    int64_t steady_bytes = 0;
    int64_t peak_bytes = 0;  // 0: not measured
  };

  // Each validates first and changes nothing on an error.
  // ALREADY_EXISTS, INVALID_ARGUMENT, RESOURCE_EXHAUSTED.
  absl::StatusOr<ModelSpec> Register(ModelSpec spec);
  // Replaces the entry of spec.id and counts its revision up.
  // FAILED_PRECONDITION if `expected_revision` is not the present one.
  absl::StatusOr<ModelSpec> Update(ModelSpec spec,
                                   std::optional<int64_t> expected_revision);
  absl::StatusOr<ModelSpec> Remove(const ModelId& id);
  void Restore(Entry entry);

  // Learn. Means are those of all measurements up to the fourth; then each
  // moves them by a quarter of the difference.
  void RecordLoad(const ModelId& id, const FinishedLoad& load);
  void RecordFirstAnswer(const ModelId& id, absl::Duration time);

  const Entry* Find(const ModelId& id) const;  // null: not there
  // What one load is expected to take if it finds most in memory, or if not.
  // From the model's own loads of that kind; else from those of which it is
  // not known; else from its size and the mean speed of all measured loads on
  // its engine (1 GiB/s before the first). Never measured: count is 0.
  LearnedTime EstimateLoad(const Entry& entry, bool is_warm) const;
  // In order of id, those after `after`, at most `limit`.
  std::vector<const Entry*> List(const ModelId& after, size_t limit) const;
  size_t size() const { return entries_.size(); }

 private:
  // Over the measured models of an engine: their bytes, and what their loads
  // take. Integers and fixed point, so that what was added can be taken away.
  struct Speed {
    int64_t bytes = 0;
    absl::Duration time;

    // Nothing where nothing was measured.
    std::optional<absl::Duration> TimeFor(int64_t bytes) const;
  };
  struct EngineSpeeds {
    Speed cold;
    Speed warm;
    Speed other;
  };

  void AddToSpeeds(const Entry& entry, int sign);

  std::map<ModelId, Entry> entries_;
  std::map<std::string, EngineSpeeds> speeds_;  // by engine
};

}  // namespace warmup

#endif  // WARMUP_CORE_MODEL_CATALOGUE_H_
