#ifndef WARMUP_SERVER_USAGE_EXPORT_H_
#define WARMUP_SERVER_USAGE_EXPORT_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/ports/use_log.h"
#include "core/runtime/runtime.h"
#include "server/call_queue.h"
#include "server/rpc_metrics.h"
#include "server/stream_call.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup {

// Serves WarmupService.ExportUsage: one part of the log after the other, the
// next one read when the last one was written, so that a slow reader holds up
// nobody and takes the memory of one part. The runtime's workers read; all else
// happens on the queue's thread.
class UsageExports {
 public:
  using Call = StreamCall<v1::ExportUsageRequest, v1::ExportUsageResponse>;

  UsageExports(CallQueue& queue, RpcMetrics::Method* metrics,
               Call::Accept accept);

  void Listen(Runtime& runtime);
  // Ends all streams; on the queue's thread.
  void End(const absl::Status& status);

 private:
  class Export;
  using Records = absl::StatusOr<std::vector<UseRecord>>;

  // Has the part read that `query` asks for; it comes as export `id`'s.
  void Read(uint64_t id, const UseQuery& query);
  void OnArrivals();

  CallQueue& queue_;
  RpcMetrics::Method* const metrics_;
  const Call::Accept accept_;
  QueueWake wake_;
  Runtime* runtime_ = nullptr;
  // By number: a part may arrive for one that is gone.
  std::map<uint64_t, Export*> exports_;
  uint64_t next_export_ = 1;

  Mutex mutex_;  // a leaf
  std::vector<std::pair<uint64_t, Records>> arrivals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_SERVER_USAGE_EXPORT_H_
