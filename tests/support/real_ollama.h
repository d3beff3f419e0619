#ifndef WARMUP_TESTS_SUPPORT_REAL_OLLAMA_H_
#define WARMUP_TESTS_SUPPORT_REAL_OLLAMA_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "adapters/engines/http/http_client.h"
#include "tests/support/temp_folder.h"

namespace warmup {

// The real Ollama on a port and with models of its own, in a process group that
// ends with the test. Its callers here are its users, who know of no warmupd.
class RealOllama {
 public:
  // `program` is the server, `models` the folder of tiny.gguf and others.
  RealOllama(std::string program, std::string models);
  ~RealOllama();
  RealOllama(const RealOllama&) = delete;
  RealOllama& operator=(const RealOllama&) = delete;

  const std::string& endpoint() const { return endpoint_; }

  void Start();
  void Kill();  // kill -9 of all its processes
  // Makes a model of the file `gguf`, under its stem.
  void Import(const std::string& stem);
  // Posts `json` and wants a 200.
  std::string Post(const std::string& path, const std::string& json);
  bool IsRunning(const std::string& model);

 private:
  const std::string program_;
  const std::string models_;
  const TempFolder folder_;
  std::string endpoint_;
  pid_t pid_ = -1;
  std::unique_ptr<HttpClient> http_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_REAL_OLLAMA_H_
