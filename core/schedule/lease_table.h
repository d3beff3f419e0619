#ifndef WARMUP_CORE_SCHEDULE_LEASE_TABLE_H_
#define WARMUP_CORE_SCHEDULE_LEASE_TABLE_H_

#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/model/model.h"

namespace warmup {

// A hold on a model: while one lives, the model is not evicted.
struct Lease {
  LeaseId id;
  ModelId model;
  absl::Time expires_at;
};

// Refcounted holds with deadlines: a model is held while at least one lease
// of it lives. Sans-I/O, not thread-safe, at most limits::kMaxLeases.
class LeaseTable {
 public:
  // INVALID_ARGUMENT for a duration outside limits, RESOURCE_EXHAUSTED,
  // ALREADY_EXISTS.
  absl::StatusOr<Lease> Acquire(absl::Time now, const LeaseId& id,
                                const ModelId& model, absl::Duration duration);
  absl::StatusOr<Lease> Renew(absl::Time now, const LeaseId& id,
                              absl::Duration duration);  // NOT_FOUND
  absl::StatusOr<Lease> Release(const LeaseId& id);      // NOT_FOUND
  // Removes and returns those that ended at or before `now`.
  std::vector<Lease> Expire(absl::Time now);

  // Leases of `model` alive.
  int Count(const ModelId& model) const;
  absl::Time NextExpiry() const;  // InfiniteFuture: none

 private:
  std::map<LeaseId, Lease> leases_;
  std::map<ModelId, int> counts_;

  void Drop(std::map<LeaseId, Lease>::iterator it);
};

}  // namespace warmup

#endif  // WARMUP_CORE_SCHEDULE_LEASE_TABLE_H_
