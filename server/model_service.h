#ifndef WARMUP_SERVER_MODEL_SERVICE_H_
#define WARMUP_SERVER_MODEL_SERVICE_H_

#include "core/runtime/runtime.h"
#include "server/call_queue.h"
#include "server/model_watch.h"
#include "server/rpc_metrics.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup {

// warmup.v1.ModelService over the runtime. Made before the server and the
// runtime's start, serves from Listen on; see CallQueue for threads.
class ModelServer {
 public:
  ModelServer(const Clock& clock, CallQueue& queue, RpcMetrics& metrics);

  grpc::Service* service() { return &service_; }
  EventSink& sink() { return watches_.sink(); }
  void Listen(Runtime& runtime);
  // Ends what would not end by itself; on the queue's thread.
  void EndStreams(const absl::Status& status) { watches_.End(status); }

 private:
  template <class Request, class Handler>
  void Serve(const char* method, Request request, Handler handler,
             bool watches_cancel = false);
  void ListenCatalogue();
  void ListenLoads();
  void ListenLeases();
  void ListenPolicy();

  CallQueue& queue_;
  RpcMetrics& metrics_;
  v1::ModelService::AsyncService service_;
  ModelWatches watches_;
  Runtime* runtime_ = nullptr;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_MODEL_SERVICE_H_
