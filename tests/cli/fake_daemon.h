#ifndef WARMUP_TESTS_CLI_FAKE_DAEMON_H_
#define WARMUP_TESTS_CLI_FAKE_DAEMON_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "warmup/v1/event.pb.h"
#include "warmup/v1/model.pb.h"
#include "warmup/v1/warmup.pb.h"

namespace warmup::cli {

// What the fake services share: what they were asked, and what they answer.
// Thread-safe.
class FakeState {
 public:
  // The next calls of this method fail so.
  void Fail(const std::string& method, const grpc::Status& status);
  // The last request of a method as JSON; empty: it was not called.
  std::string LastRequest(const std::string& method) const;
  // Streams stay open after their canned answers until Release().
  void HoldStreams();
  void Release();

  // For the services: notes the request, and says how to answer it.
  grpc::Status Take(const std::string& method,
                    const google::protobuf::Message& request);
  void WaitWhileHeld();
  bool is_serving() const;
  void set_is_serving(bool is_serving);
  v1::SwitchingPolicy policy() const;
  void set_policy(const v1::SwitchingPolicy& policy);

 private:
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::map<std::string, std::string> requests_;
  std::map<std::string, grpc::Status> failures_;
  bool is_held_ = false;
  bool is_serving_ = true;
  v1::SwitchingPolicy policy_;
};

// A server that implements the API, health and reflection with canned answers,
// on a Unix socket.
class FakeDaemon {
 public:
  explicit FakeDaemon(const std::string& socket_path);
  ~FakeDaemon();
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  FakeState& state() { return state_; }

 private:
  FakeState state_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
};

// An error as the daemon makes it: ErrorInfo, and RetryInfo if `retry_ms` > 0.
grpc::Status FakeError(grpc::StatusCode code, const std::string& message,
                       const std::string& reason,
                       const std::map<std::string, std::string>& metadata = {},
                       int retry_ms = 0);

// The canned models: one ready, one loading, one cold, one failed.
std::vector<v1::Model> FakeModels();
// The canned answers that tests also look at without a server.
v1::GetWarmupMetricsResponse FakeMetrics();
v1::GetPredictionQualityResponse FakeQuality();
std::vector<v1::Event> FakeEvents();
// The log of use, in two parts; four uses of two models.
std::vector<v1::ExportUsageResponse> FakeUsage();

}  // namespace warmup::cli

#endif  // WARMUP_TESTS_CLI_FAKE_DAEMON_H_
