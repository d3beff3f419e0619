#ifndef WARMUP_TESTS_SUPPORT_REAL_LLAMA_SERVER_H_
#define WARMUP_TESTS_SUPPORT_REAL_LLAMA_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "adapters/engines/http/http_client.h"
#include "nlohmann/json.hpp"
#include "tests/support/server_process.h"
#include "tests/support/temp_folder.h"

namespace warmup {

// The real llama-server on a port, in a process group that ends with the test:
// a router of "tiny", "small", "embedder" and "broken", whose file is cut off,
// or with one model. Its callers here are its users, who know of no warmupd;
// those that return a Status may be called by any thread.
class RealLlamaServer {
 public:
  struct Options {
    std::string program;
    std::string models;  // the folder of tiny.gguf and others
    std::string single;  // the one model; empty: a router
    std::vector<std::string> flags = {"--metrics"};  // beside the usual
  };
  explicit RealLlamaServer(const Options& options);
  ~RealLlamaServer() { HoldLoads(false); }
  RealLlamaServer(const RealLlamaServer&) = delete;
  RealLlamaServer& operator=(const RealLlamaServer&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  ServerProcess& process() { return process_; }
  // What tells the process of a router's model from all others, in its command.
  static std::string ChildOf(const std::string& model) {
    return "--alias " + model + " ";
  }

  // From now on, loads of models that are not in memory stop where they open
  // the model's file, and go on when they are no longer held. The kernel ends
  // that after 45 s.
  void HoldLoads(bool are_held);

  // "loaded"; empty: the server is away.
  std::string StatusOf(const std::string& model);
  absl::Status Post(const std::string& path, const std::string& json);
  // One whole request, of a few tokens.
  absl::Status Use(const std::string& model);
  // A request for a stream of this many tokens, at /completion.
  static std::string StreamOf(const std::string& model, int tokens);

 private:
  std::vector<std::string> CommandOf(const Options& options);
  // Empty unless it is answered well.
  nlohmann::json Get(const std::string& path);

  const TempFolder folder_;
  const int port_;
  const std::string endpoint_;
  ServerProcess process_;
  std::unique_ptr<HttpClient> http_;
  std::vector<int> leases_;  // file descriptors of what is held
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_REAL_LLAMA_SERVER_H_
