#ifndef WARMUP_SERVER_ACTIVITY_STREAM_H_
#define WARMUP_SERVER_ACTIVITY_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <functional>
#include <set>

#include "absl/status/status.h"
#include "core/runtime/runtime.h"
#include "server/call_queue.h"
#include "server/rpc_metrics.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup {

// Serves WarmupService.StreamActivity: one activity after another, each
// reported to the runtime before the next is read, so a client cannot outrun
// the daemon. Everything is the queue's thread's.
class ActivityStreams {
 public:
  using Reader = grpc::ServerAsyncReader<v1::StreamActivityResponse,
                                         v1::StreamActivityRequest>;
  using Accept = std::function<void(grpc::ServerContext*, Reader*, void* tag)>;

  ActivityStreams(CallQueue& queue, RpcMetrics::Method* metrics, Accept accept)
      : queue_(queue), metrics_(metrics), accept_(std::move(accept)) {}

  void Listen(Runtime& runtime);
  void End(const absl::Status& status);

 private:
  class Stream;

  CallQueue& queue_;
  RpcMetrics::Method* const metrics_;
  const Accept accept_;
  Runtime* runtime_ = nullptr;
  std::set<Stream*> streams_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_ACTIVITY_STREAM_H_
