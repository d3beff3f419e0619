#ifndef WARMUP_TESTS_SUPPORT_KSERVE_USER_H_
#define WARMUP_TESTS_SUPPORT_KSERVE_USER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "inference/grpc_service.grpc.pb.h"

namespace warmup {

// Somebody who speaks the open inference protocol with a server and knows of no
// warmupd. Every call ends after kPatience. Thread-safe.
class KserveUser {
 public:
  // "grpc://host:port".
  explicit KserveUser(const std::string& endpoint);

  absl::Status Load(const std::string& model);
  absl::Status Unload(const std::string& model);
  // One whole request.
  absl::Status Infer(const std::string& model);
  // Its state in the index, as the server spells it; empty where there is none.
  std::string StateOf(const std::string& model);

 private:
  const std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_KSERVE_USER_H_
