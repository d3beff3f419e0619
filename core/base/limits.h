#ifndef WARMUP_CORE_BASE_LIMITS_H_
#define WARMUP_CORE_BASE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

// Every bound of the daemon in one place. Reaching one is counted
// (warmup_limit_reached_total{limit=...}) and answered with
// RESOURCE_EXHAUSTED naming the limit, except where a line says otherwise.
namespace warmup::limits {

// Catalogue and sessions.
inline constexpr size_t kMaxModels = 20'000;
inline constexpr size_t kMaxSessions = 2'000;
inline constexpr size_t kMaxRolesPerSession = 64;
inline constexpr size_t kMaxLeases = 10'000;
inline constexpr size_t kMaxWaiters = 10'000;
inline constexpr size_t kMaxIdBytes = 256;
inline constexpr size_t kMaxPathBytes = 4'096;
inline constexpr size_t kMaxLabels = 64;
inline constexpr size_t kMaxLabelBytes = 1'024;
inline constexpr int64_t kMaxModelBytes = int64_t{1} << 44;  // 16 TiB

// Engines, and endpoints that were removed for good.
inline constexpr size_t kMaxEngines = 64;
inline constexpr size_t kMaxRemovedEngines = 256;

// Leases of sessions and of models (INVALID_ARGUMENT outside the range).
inline constexpr absl::Duration kMinSessionLease = absl::Seconds(1);
inline constexpr absl::Duration kMaxSessionLease = absl::Hours(24);
inline constexpr absl::Duration kDefaultSessionLease = absl::Seconds(60);
inline constexpr absl::Duration kMinModelLease = absl::Milliseconds(1);
inline constexpr absl::Duration kMaxModelLease = absl::Hours(24);

// Facts. A batch above its bound is INVALID_ARGUMENT; a fact outside the
// time window is stale or from the future.
inline constexpr size_t kMaxFactsPerBatch = 1'000;
inline constexpr absl::Duration kMaxFactAge = absl::Hours(1);
inline constexpr absl::Duration kMaxFactAhead = absl::Seconds(5);

// Events.
inline constexpr size_t kMaxEventBytes = size_t{64} << 10;
inline constexpr size_t kEventHistory = 65'536;
inline constexpr size_t kEventHistoryBytes = size_t{32} << 20;
inline constexpr size_t kMaxSubscribers = 10'000;
inline constexpr size_t kMaxEventBatchBytes = size_t{256} << 10;
inline constexpr size_t kMaxFilters = 64;
inline constexpr size_t kStoredEvents = 1'000;

// The log of use: what the store keeps, a hundredth more before the oldest go;
// and what waits to be stored, of which the oldest make room. Neither is an
// error. Readers at once, and records in one message to them.
inline constexpr size_t kStoredUses = 1'000'000;
inline constexpr size_t kMaxUnsavedUses = 10'000;
inline constexpr size_t kMaxUsageExports = 8;
inline constexpr size_t kMaxUsesPerMessage = 2'000;

// Prediction: models of one answer.
inline constexpr size_t kMaxPredictedModels = 64;

// Loads.
inline constexpr int kMaxConcurrentLoads = 64;
inline constexpr double kMaxMemoryPrice = 1e6;  // see SwitchingPolicy
inline constexpr int kMaxConcurrentModels = 10'000;
inline constexpr absl::Duration kMinSwitchingTimeout = absl::Milliseconds(100);
inline constexpr absl::Duration kMaxSwitchingTimeout = absl::Hours(1);

// Lists.
inline constexpr int kMaxPageSize = 1'000;
inline constexpr int kDefaultPageSize = 100;

// Messages on the wire.
inline constexpr int kMaxReceiveBytes = 4 << 20;

}  // namespace warmup::limits

#endif  // WARMUP_CORE_BASE_LIMITS_H_
