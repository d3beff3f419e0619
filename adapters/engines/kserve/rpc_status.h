#ifndef WARMUP_ADAPTERS_ENGINES_KSERVE_RPC_STATUS_H_
#define WARMUP_ADAPTERS_ENGINES_KSERVE_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace warmup::kserve {

// Makes errors that name the engine, its endpoint and, where there is one, the
// model. A plain value.
struct Speaker {
  std::string engine;
  std::string endpoint;

  // "engine X at Y: what", or "engine X at Y: model Z: what".
  absl::Status Error(absl::StatusCode code, std::string_view reason,
                     const std::string& model, std::string_view what) const;
};

// What was called: a load's errors mean other things, and what only asks may be
// asked again.
enum class Operation { kRead, kLoad, kUnload };

// The one place where an engine's gRPC errors become ours. The stable reasons:
//   NOT_FOUND            MODEL_NOT_FOUND
//   FAILED_PRECONDITION  MODEL_DAMAGED  it cannot be loaded, in its words
//                        NOT_KSERVE     another server listens there
//   RESOURCE_EXHAUSTED   MEMORY_SHORT
//   CANCELLED            CANCELLED      by us
//   DEADLINE_EXCEEDED    ENGINE_TOO_SLOW
//   UNAVAILABLE          ENGINE_UNAVAILABLE  no connection, or none that lasted
//                        ENGINE_REFUSES      it is told not to do such things
//                        ENGINE_ANSWER_TOO_LONG
//                        ENGINE_FAILED       anything else that it calls an
//                                            error
absl::Status ToStatus(const grpc::Status& status, const Speaker& speaker,
                      Operation operation, const std::string& model,
                      bool is_cancelled_by_us);

}  // namespace warmup::kserve

#endif  // WARMUP_ADAPTERS_ENGINES_KSERVE_RPC_STATUS_H_
