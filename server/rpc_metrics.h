#ifndef WARMUP_SERVER_RPC_METRICS_H_
#define WARMUP_SERVER_RPC_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"

namespace warmup {

// The usual metrics of a gRPC server (names and labels as in
// go-grpc-middleware): started, handled by code, and seconds; also how often a
// limit was answered with (warmup_limit_reached_total). Methods are added
// before the server starts; counting is thread-safe and looks nothing up.
class RpcMetrics {
 public:
  using Clock = std::chrono::steady_clock;

  class Method {
   public:
    void Started() { started_->Increment(); }
    void Handled(const absl::Status& status, Clock::time_point since);

   private:
    friend class RpcMetrics;
    static constexpr size_t kCodes = 17;
    prometheus::Counter* started_ = nullptr;
    prometheus::Histogram* seconds_ = nullptr;
    prometheus::Family<prometheus::Counter>* limits_ = nullptr;
    std::array<prometheus::Counter*, kCodes> handled_{};
  };

  explicit RpcMetrics(prometheus::Registry& registry);

  // `type` as the convention has it: "unary", "server_stream" ... The result
  // lives as long as this.
  Method* Add(const std::string& service, const std::string& method,
              const std::string& type);

 private:
  prometheus::Family<prometheus::Counter>& started_;
  prometheus::Family<prometheus::Counter>& handled_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Counter>& limits_;
  std::map<std::string, std::unique_ptr<Method>> methods_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_RPC_METRICS_H_
