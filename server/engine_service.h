#ifndef WARMUP_SERVER_ENGINE_SERVICE_H_
#define WARMUP_SERVER_ENGINE_SERVICE_H_

#include "core/runtime/runtime.h"
#include "server/call_queue.h"
#include "server/rpc_metrics.h"
#include "warmup/v1/engine.grpc.pb.h"

namespace warmup {

// warmup.v1.EngineService over the runtime. Made before the server's start,
// serves from Listen on; see CallQueue for threads.
class EngineServer {
 public:
  EngineServer(CallQueue& queue, RpcMetrics& metrics);

  grpc::Service* service() { return &service_; }
  void Listen(Runtime& runtime);

 private:
  CallQueue& queue_;
  RpcMetrics::Method* const list_metrics_;
  RpcMetrics::Method* const detect_metrics_;
  v1::EngineService::AsyncService service_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_ENGINE_SERVICE_H_
