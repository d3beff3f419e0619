#ifndef WARMUP_TESTS_SUPPORT_REAL_KSERVE_H_
#define WARMUP_TESTS_SUPPORT_REAL_KSERVE_H_

#include <string>

#include "tests/support/kserve_user.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_folder.h"

namespace warmup {

// The real Triton or MLServer on ports of its own, in a process group that ends
// with the test. Its models are those of tests/engines/make_repository.py: "a",
// "b", "big" and "broken".
class RealKserve {
 public:
  enum class Kind { kTriton, kMlServer };

  // `program` is the server. Starts it.
  RealKserve(Kind kind, const std::string& program);
  RealKserve(const RealKserve&) = delete;
  RealKserve& operator=(const RealKserve&) = delete;

  // It runs, nothing is held and nothing is loaded: as for the first test.
  void BeginAnew();

  const std::string& endpoint() const { return endpoint_; }
  // Of its metrics, "http://host:port".
  std::string metrics_endpoint() const;
  ServerProcess& process() { return process_; }
  KserveUser& user() { return user_; }

  bool IsReady(const std::string& model);
  // What tells the process of a Triton's model from all others, in its command.
  std::string WorkerOf(const std::string& model) const {
    return folder_.File("models/" + model + "/");
  }

  // Loads of the model, or requests on it, last while they are held.
  void HoldLoads(const std::string& model, bool are_held) const;
  void HoldUses(const std::string& model, bool are_held) const;
  // Waits until one is under way, which is held.
  void AwaitLoading(const std::string& model) const;
  void AwaitUsing(const std::string& model) const;

 private:
  // Before the server starts: its files.
  ServerProcess::Options Prepare(const std::string& program) const;
  void Hold(const std::string& file, bool is_held) const;
  void Await(const std::string& file) const;
  bool UnloadAll();

  const Kind kind_;
  const TempFolder folder_;
  const int http_port_;
  const int grpc_port_;
  const int metrics_port_;
  const std::string endpoint_;
  ServerProcess process_;
  KserveUser user_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_REAL_KSERVE_H_
