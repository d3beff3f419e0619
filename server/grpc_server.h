#ifndef WARMUP_SERVER_GRPC_SERVER_H_
#define WARMUP_SERVER_GRPC_SERVER_H_

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/events/event_log.h"
#include "core/ports/event_sink.h"
#include "core/runtime/runtime.h"
#include "server/call_queue.h"
#include "server/device_service.h"
#include "server/engine_service.h"
#include "server/event_service.h"
#include "server/health_service.h"
#include "server/model_service.h"
#include "server/reflection_service.h"
#include "server/rpc_metrics.h"
#include "server/warmup_service.h"

namespace warmup {

// All services on one queue, behind a Unix socket and, if asked, TCP. Made
// before the runtime, which it observes; outlives it.
class GrpcServer {
 public:
  struct Options {
    std::string unix_socket;  // an absolute path
    std::string tcp_address;  // "host:port" or empty
  };

  GrpcServer(Options options, const Clock& clock, const EventLog& events,
             RpcMetrics& metrics);
  ~GrpcServer();

  // What the runtime must tell.
  std::vector<EventSink*> sinks();

  // Binds and serves. UNAVAILABLE naming the socket or address that is in use
  // or cannot be bound.
  absl::Status Start(Runtime& runtime);
  // "unix:/run/warmupd.sock", "127.0.0.1:4717".
  const std::vector<std::string>& addresses() const { return addresses_; }

  // Refuses new calls, ends streams, says NOT_SERVING. When it returns no call
  // is in the runtime, but some may wait for it.
  void Drain();
  // After the runtime has stopped: ends everything.
  void Shutdown();

 private:
  absl::Status Bind();
  void EndStreams();

  const Options options_;
  grpc::ServerBuilder builder_;
  CallQueue queue_;
  ModelServer models_;
  WarmupServer warmup_;
  EventServer events_;
  DeviceServer devices_;
  EngineServer engines_;
  HealthServer health_;
  ReflectionServer reflection_;
  QueueWake end_streams_;
  Mutex mutex_;  // a leaf
  CondVar drained_;
  bool is_drained_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::string> addresses_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_GRPC_SERVER_H_
