#include "core/schedule/lease_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

absl::Status ValidateDuration(absl::Duration duration) {
  if (duration >= limits::kMinModelLease &&
      duration <= limits::kMaxModelLease) {
    return absl::OkStatus();
  }
  return InvalidField(
      "duration",
      absl::StrCat("is ", absl::FormatDuration(duration), ", outside ",
                   absl::FormatDuration(limits::kMinModelLease), " to ",
                   absl::FormatDuration(limits::kMaxModelLease)));
}

absl::Status LeaseNotFound(const LeaseId& id) {
  return MakeError(absl::StatusCode::kNotFound, "LEASE_NOT_FOUND",
                   absl::StrCat("no lease \"", id, "\": released or expired"),
                   {{"lease", id}});
}

}  // namespace

absl::StatusOr<Lease> LeaseTable::Acquire(absl::Time now, const LeaseId& id,
                                          const ModelId& model,
                                          absl::Duration duration) {
  WARMUP_RETURN_IF_ERROR(ValidateDuration(duration));
  if (leases_.contains(id)) {
    return MakeError(absl::StatusCode::kAlreadyExists, "LEASE_EXISTS",
                     absl::StrCat("lease \"", id, "\" is held"),
                     {{"lease", id}});
  }
  if (leases_.size() >= limits::kMaxLeases) {
    return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_LEASES",
                     absl::StrCat("the limit of ", limits::kMaxLeases,
                                  " model leases is reached"),
                     {{"limit", "kMaxLeases"}});
  }
  Lease lease{id, model, now + duration};
  leases_.emplace(id, lease);
  ++counts_[model];
  return lease;
}

absl::StatusOr<Lease> LeaseTable::Renew(absl::Time now, const LeaseId& id,
                                        absl::Duration duration) {
  WARMUP_RETURN_IF_ERROR(ValidateDuration(duration));
  const auto it = leases_.find(id);
  if (it == leases_.end() || it->second.expires_at <= now) {
    return LeaseNotFound(id);
  }
  it->second.expires_at = now + duration;
  return it->second;
}

absl::StatusOr<Lease> LeaseTable::Release(const LeaseId& id) {
  const auto it = leases_.find(id);
  if (it == leases_.end()) return LeaseNotFound(id);
  Lease lease = it->second;
  Drop(it);
  return lease;
}

std::vector<Lease> LeaseTable::Expire(absl::Time now) {
  std::vector<Lease> expired;
  for (auto it = leases_.begin(); it != leases_.end();) {
    const auto next = std::next(it);
    if (it->second.expires_at <= now) {
      expired.push_back(it->second);
      Drop(it);
    }
    it = next;
  }
  return expired;
}

int LeaseTable::Count(const ModelId& model) const {
  const auto it = counts_.find(model);
  return it == counts_.end() ? 0 : it->second;
}

absl::Time LeaseTable::NextExpiry() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, lease] : leases_) {
    next = std::min(next, lease.expires_at);
  }
  return next;
}

void LeaseTable::Drop(std::map<LeaseId, Lease>::iterator it) {
  const auto count = counts_.find(it->second.model);
  if (--count->second == 0) counts_.erase(count);
  leases_.erase(it);
}

}  // namespace warmup
