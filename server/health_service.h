#ifndef WARMUP_SERVER_HEALTH_SERVICE_H_
#define WARMUP_SERVER_HEALTH_SERVICE_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/call_queue.h"
#include "server/rpc_metrics.h"
#include "server/stream_call.h"

namespace warmup {

// grpc.health.v1.Health for "" and each service. The library's own would poll
// with threads beside ours (see CallQueue). SERVING from Listen on, until
// StopServing. Everything but the constructor is the queue's thread's.
class HealthServer {
 public:
  HealthServer(CallQueue& queue, RpcMetrics& metrics,
               const std::vector<std::string>& services);

  grpc::Service* service() { return &service_; }
  void Listen();
  // From now on: NOT_SERVING, and watchers are told. The streams end when they
  // have been told.
  void StopServing(const absl::Status& status);

 private:
  class Watch;

  CallQueue& queue_;
  RpcMetrics::Method* const check_metrics_;
  RpcMetrics::Method* const watch_metrics_;
  const std::set<std::string> services_;
  bool is_serving_ = true;
  std::set<Watch*> watches_;
  grpc::health::v1::Health::AsyncService service_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_HEALTH_SERVICE_H_
