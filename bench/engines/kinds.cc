#include "bench/engines/kinds.h"

#include "bench/engines/llama_server.h"
#include "bench/engines/ollama.h"

namespace warmup::bench {

std::vector<ServerKind> ServerKinds(const Places& places) {
  const std::vector<ModelFile> models = {
      {"tiny", places.tiny_models + "/tiny.gguf"},
      {"large", places.large_model + "/large.gguf"}};
  return {{"Ollama",
           [=](const std::string& folder) {
             return std::make_unique<Ollama>(places.ollama, folder, models);
           }},
          {"llama-server", [=](const std::string& folder) {
             std::vector<ModelFile> more = models;
             more.push_back({"other", places.tiny_models + "/tiny.gguf"});
             more.push_back({"small", places.tiny_models + "/small.gguf"});
             return std::make_unique<LlamaServer>(
                 LlamaServer::Options{.program = places.llama_server,
                                      .folder = folder,
                                      .files = more,
                                      .max_models = 2,
                                      .pastimes = {"other", "small"}});
           }}};
}

}  // namespace warmup::bench
