#ifndef WARMUP_SERVER_REFLECTION_SERVICE_H_
#define WARMUP_SERVER_REFLECTION_SERVICE_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "server/call_queue.h"
#include "server/rpc_metrics.h"

namespace warmup {

// grpc.reflection.v1alpha over the descriptors compiled into the program, so
// that grpcurl and others need no .proto files. The library's own would poll
// with threads beside ours (see CallQueue). Everything is the queue's thread's.
class ReflectionServer {
 public:
  ReflectionServer(CallQueue& queue, RpcMetrics& metrics,
                   std::vector<std::string> services);

  grpc::Service* service() { return &service_; }
  void Listen();
  void EndStreams();

 private:
  class Stream;

  CallQueue& queue_;
  RpcMetrics::Method* const metrics_;
  const std::vector<std::string> services_;
  std::set<Stream*> streams_;
  grpc::reflection::v1alpha::ServerReflection::AsyncService service_;
};

// The answer to one question; pure.
grpc::reflection::v1alpha::ServerReflectionResponse AnswerReflection(
    const std::vector<std::string>& services,
    const grpc::reflection::v1alpha::ServerReflectionRequest& request);

}  // namespace warmup

#endif  // WARMUP_SERVER_REFLECTION_SERVICE_H_
