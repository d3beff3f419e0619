#ifndef WARMUP_TESTS_SUPPORT_REAL_OLLAMA_H_
#define WARMUP_TESTS_SUPPORT_REAL_OLLAMA_H_

#include <map>
#include <memory>
#include <string>

#include "adapters/engines/http/http_client.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_folder.h"

namespace warmup {

// The real Ollama on a port and with models of its own, in a process group that
// ends with the test. Its callers here are its users, who know of no warmupd.
class RealOllama {
 public:
  // `program` is the server, `models` the folder of tiny.gguf and others.
  RealOllama(const std::string& program, std::string models);
  RealOllama(const RealOllama&) = delete;
  RealOllama& operator=(const RealOllama&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  ServerProcess& process() { return process_; }

  void Start() { process_.Start(); }
  void Kill() { process_.Kill(); }  // kill -9 of all its processes
  // Makes a model of the file `stem`.gguf, under that name.
  void Import(const std::string& stem);
  // Makes one of a copy of that file, which is another model to Ollama.
  void ImportCopy(const std::string& stem, const std::string& name);
  // And cuts it in the middle.
  void ImportDamaged(const std::string& stem, const std::string& name);
  // Posts `json` and wants a 200.
  std::string Post(const std::string& path, const std::string& json);
  bool IsRunning(const std::string& model);
  // What tells the process of a model that was imported from all others, in its
  // command.
  std::string RunnerOf(const std::string& model) const {
    return "--model " + BlobOf(digests_.at(model));
  }

 private:
  void Make(const std::string& name, const std::string& path);
  std::string BlobOf(const std::string& digest) const {
    return folder_.File("models/blobs/sha256-" + digest);
  }

  const std::string models_;
  const TempFolder folder_;
  const std::string address_;
  const std::string endpoint_;
  ServerProcess process_;
  std::unique_ptr<HttpClient> http_;
  std::map<std::string, std::string> digests_;  // by name
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_REAL_OLLAMA_H_
