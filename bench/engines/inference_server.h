#ifndef WARMUP_BENCH_ENGINES_INFERENCE_SERVER_H_
#define WARMUP_BENCH_ENGINES_INFERENCE_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/engines/http/http_client.h"
#include "bench/support/process.h"
#include "nlohmann/json.hpp"

namespace warmup::bench {

// A model and the file that a server is to have a copy of for it.
struct ModelFile {
  std::string model;
  std::string path;
};

// A real inference server in a process of its own, as its users see it: they
// know nothing of warmupd. Ends with this object. Not thread-safe. Whatever
// goes wrong ends the benchmark.
class InferenceServer {
 public:
  InferenceServer(const InferenceServer&) = delete;
  InferenceServer& operator=(const InferenceServer&) = delete;
  virtual ~InferenceServer() = default;

  // What to tell the daemon of it: its only configuration.
  std::string Setting() const;
  // What the daemon calls the model.
  virtual std::string IdOf(const std::string& model) const = 0;
  // The file that a load of the model reads.
  virtual std::string FileOf(const std::string& model) const = 0;

  // One whole request for one token, which no request before has in part
  // prepared: its milliseconds.
  double FirstTokenMs(const std::string& model);
  virtual bool IsLoaded(const std::string& model) = 0;
  // By hand, by its own calls. They return when it is so.
  virtual void Load(const std::string& model) = 0;
  virtual void Unload(const std::string& model) = 0;
  // What happens in a long pause, in which the server by its own rules lets go
  // of the models that it had.
  virtual void Pause() = 0;
  void AwaitUnloaded(const std::string& model);

 protected:
  // `command` is that of a server at the given port, its output in the folder.
  InferenceServer(std::string kind, int port,
                  const std::vector<std::string>& command,
                  const std::string& folder);

  virtual void AskForOneToken(const std::string& model,
                              const std::string& prompt) = 0;
  // Returns when it answers GET `path`.
  void AwaitUp(const std::string& path);
  nlohmann::json Get(const std::string& path);
  nlohmann::json Post(const std::string& path, const nlohmann::json& body);
  void PostBytes(const std::string& path, const std::string& bytes);

 private:
  nlohmann::json Read(const std::string& path,
                      const absl::StatusOr<HttpResponse>& answer);

  const std::string kind_;
  Process process_;
  std::unique_ptr<HttpClient> http_;
  int requests_ = 0;
};

// A port of this machine that is free now.
int FreePort();

// Calls `is_so` every 2 ms until it is; a minute without ends the benchmark,
// naming `what`.
void Await(const std::string& what, const std::function<bool()>& is_so);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_INFERENCE_SERVER_H_
