#ifndef WARMUP_BENCH_ENGINES_OLLAMA_H_
#define WARMUP_BENCH_ENGINES_OLLAMA_H_

#include <map>
#include <string>
#include <vector>

#include "bench/engines/inference_server.h"

namespace warmup::bench {

// Its users' requests ask for a keep-alive of seconds.
class Ollama final : public InferenceServer {
 public:
  Ollama(const std::string& program, const std::string& folder,
         const std::vector<ModelFile>& files);

  std::string IdOf(const std::string& model) const override {
    return model + ":latest";
  }
  std::string FileOf(const std::string& model) const override {
    return folder_ + "/models/blobs/sha256-" + digests_.at(model);
  }
  bool IsLoaded(const std::string& model) override;
  void Load(const std::string& model) override;
  void Unload(const std::string& model) override;
  void Pause() override;

 private:
  Ollama(const std::string& program, const std::string& folder,
         const std::vector<ModelFile>& files, int port);

  void AskForOneToken(const std::string& model,
                      const std::string& prompt) override;
  void Import(const ModelFile& file);

  const std::string folder_;
  std::map<std::string, std::string> digests_;  // by model
};

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_OLLAMA_H_
