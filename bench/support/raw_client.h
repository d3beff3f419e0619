#ifndef WARMUP_BENCH_SUPPORT_RAW_CLIENT_H_
#define WARMUP_BENCH_SUPPORT_RAW_CLIENT_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace warmup::bench {

// Calls one unary method with one request, given as bytes, and leaves the
// answers as bytes: what it costs a client to build and read messages is left
// out, so that two servers are compared and nothing else. Uses a channel of
// its own. Not thread-safe. A call that fails ends the benchmark.
class RawClient {
 public:
  // `method`: "/warmup.v1.WarmupService/GetWarmupPrediction".
  RawClient(const std::string& socket, std::string method,
            const std::string& request);

  // One call, nothing else under way: its microseconds.
  double CallUs();
  // `count` calls, one after the other.
  std::vector<double> CallsUs(int count);
  // Calls answered in a second, with always `outstanding` under way.
  double CallsPerSecond(int outstanding, double seconds);
  // Of the last answer to CallUs.
  size_t response_bytes() const { return response_bytes_; }

 private:
  struct Call;
  void Start(Call* call);

  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  const std::string method_;
  const grpc::ByteBuffer request_;
  size_t response_bytes_ = 0;
};

// A channel with a connection that no other shares.
std::shared_ptr<grpc::Channel> NewChannel(const std::string& socket);

// Returns as soon as somebody listens on a Unix socket; fails after a while.
void AwaitListener(const std::string& socket);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_SUPPORT_RAW_CLIENT_H_
