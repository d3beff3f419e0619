#ifndef WARMUP_CORE_MODEL_CATALOGUE_H_
#define WARMUP_CORE_MODEL_CATALOGUE_H_

#include <cstdint>
#include <map>
#include <optional>
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

    // Bytes to set aside before a load: never less than what was seen.
    int64_t PeakBytes() const;
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

  // Learns from a finished load; load_time moves by a quarter of the
  // difference. Zero `load_time`: nothing had to be read, so nothing was
  // learned about time.
  void RecordLoad(const ModelId& id, absl::Duration load_time,
                  int64_t steady_bytes);

  const Entry* Find(const ModelId& id) const;  // null: not there
  // What one load is expected to take: measured, or from the size and the
  // mean speed of all measured loads (1 GiB/s before the first).
  absl::Duration EstimateLoadTime(const Entry& entry) const;
  // In order of id, those after `after`, at most `limit`.
  std::vector<const Entry*> List(const ModelId& after, size_t limit) const;
  size_t size() const { return entries_.size(); }

 private:
  std::map<ModelId, Entry> entries_;
  double bytes_per_second_ = static_cast<double>(1 << 30);
};

}  // namespace warmup

#endif  // WARMUP_CORE_MODEL_CATALOGUE_H_
