#ifndef WARMUP_BENCH_FANOUT_GRPC_FANOUT_H_
#define WARMUP_BENCH_FANOUT_GRPC_FANOUT_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/fanout/fanout.h"

namespace warmup::bench {

// EventService of warmupd: a stream for each subscriber, all read by one
// thread, which walks the bytes of a response to count its events and builds
// no message: a client in a hurry could do no less, and the server is what is
// measured. Publish answers when the event is durable, so many are under way.
class GrpcFanout final : public Fanout {
 public:
  GrpcFanout(const std::string& socket, int subscribers);
  ~GrpcFanout() override;

 private:
  class Subscriber;
  struct Call;

  void Publish() override;
  void Flush() override;
  void Read();
  std::string RequestOf(int data_bytes);

  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  grpc::CompletionQueue reads_;
  std::vector<std::unique_ptr<Subscriber>> streams_;
  std::thread reader_;

  std::unique_ptr<grpc::GenericStub> publisher_;
  grpc::CompletionQueue publishes_;
  grpc::ByteBuffer event_;
  std::vector<std::unique_ptr<Call>> idle_;
  size_t under_way_ = 0;
};

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_FANOUT_GRPC_FANOUT_H_
