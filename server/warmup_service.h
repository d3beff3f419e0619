#ifndef WARMUP_SERVER_WARMUP_SERVICE_H_
#define WARMUP_SERVER_WARMUP_SERVICE_H_

#include "core/runtime/runtime.h"
#include "server/activity_stream.h"
#include "server/call_queue.h"
#include "server/rpc_metrics.h"
#include "server/usage_export.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup {

// warmup.v1.WarmupService over the runtime. Made before the server's start,
// serves from Listen on; see CallQueue for threads.
class WarmupServer {
 public:
  WarmupServer(CallQueue& queue, RpcMetrics& metrics);

  grpc::Service* service() { return &service_; }
  void Listen(Runtime& runtime);
  // Ends what would not end by itself; on the queue's thread.
  void EndStreams(const absl::Status& status) {
    activities_.End(status);
    exports_.End(status);
  }

 private:
  template <class Request, class Handler>
  void Serve(const char* method, Request request, Handler handler);
  void ListenSessions();
  void ListenFacts();
  void ListenQuestions();

  CallQueue& queue_;
  RpcMetrics& metrics_;
  v1::WarmupService::AsyncService service_;
  ActivityStreams activities_;
  UsageExports exports_;
  Runtime* runtime_ = nullptr;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_WARMUP_SERVICE_H_
