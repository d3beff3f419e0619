#ifndef WARMUP_ADAPTERS_STORE_LEARNED_SNAPSHOT_H_
#define WARMUP_ADAPTERS_STORE_LEARNED_SNAPSHOT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "core/predict/predictor_state.h"

namespace warmup {

// The newest form of what is learned that this build reads and writes.
inline constexpr int64_t kLearnedVersion = 1;

// What is learned, as it lies in the store: a PredictorSnapshot, and a
// checksum of it, because a flipped bit would still be a number.
struct LearnedBlob {
  int64_t version = 0;
  int64_t checksum = 0;
  std::string snapshot;
};

LearnedBlob EncodeLearned(const PredictorState& state);

// FAILED_PRECONDITION: a newer version. DATA_LOSS: damaged.
absl::StatusOr<PredictorState> DecodeLearned(const LearnedBlob& blob);

// Labels, roles and metadata in one column. DATA_LOSS: damaged.
std::string EncodeTextMap(const std::map<std::string, std::string>& entries);
absl::StatusOr<std::map<std::string, std::string>> DecodeTextMap(
    const std::string& bytes);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_LEARNED_SNAPSHOT_H_
