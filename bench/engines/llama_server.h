#ifndef WARMUP_BENCH_ENGINES_LLAMA_SERVER_H_
#define WARMUP_BENCH_ENGINES_LLAMA_SERVER_H_

#include <string>
#include <vector>

#include "bench/engines/inference_server.h"

namespace warmup::bench {

// llama.cpp's router.
class LlamaServer final : public InferenceServer {
 public:
  struct Options {
    std::string program;
    std::string folder;
    std::vector<ModelFile> files;
    int max_models = 0;                 // in memory at once; 0: all
    std::vector<std::string> pastimes;  // models that are used in a pause
  };
  explicit LlamaServer(const Options& options);

  std::string IdOf(const std::string& model) const override { return model; }
  std::string FileOf(const std::string& model) const override {
    return folder_ + "/models/" + model + ".gguf";
  }
  bool IsLoaded(const std::string& model) override;
  void Load(const std::string& model) override;
  void Unload(const std::string& model) override;
  void Pause() override;

 private:
  LlamaServer(const Options& options, int port);

  void AskForOneToken(const std::string& model,
                      const std::string& prompt) override;
  std::string StatusOf(const std::string& model);

  const std::string folder_;
  const std::vector<std::string> pastimes_;
};

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_LLAMA_SERVER_H_
