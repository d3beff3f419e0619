#include "bench/engines/llama_server.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "bench/support/table.h"

namespace warmup::bench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<std::string> Command(const LlamaServer::Options& options,
                                 int port) {
  // It lists what it finds at its start.
  const std::string models = options.folder + "/models";
  fs::create_directories(models);
  for (const ModelFile& file : options.files) {
    fs::copy_file(file.path, absl::StrCat(models, "/", file.model, ".gguf"));
  }
  return {options.program,
          "--host",
          "127.0.0.1",
          "--port",
          absl::StrCat(port),
          "--models-dir",
          models,
          "--models-max",
          absl::StrCat(options.max_models),
          "--metrics",
          "-c",
          "512",
          "-np",
          "1",
          "-t",
          "1"};
}

}  // namespace

LlamaServer::LlamaServer(const Options& options)
    : LlamaServer(options, FreePort()) {}

LlamaServer::LlamaServer(const Options& options, int port)
    : InferenceServer("llama-server", port, Command(options, port),
                      options.folder),
      folder_(options.folder),
      pastimes_(options.pastimes) {
  AwaitUp("/health");
}

bool LlamaServer::IsLoaded(const std::string& model) {
  return StatusOf(model) == "loaded";
}

std::string LlamaServer::StatusOf(const std::string& model) {
  for (const json& entry : Get("/models").value("data", json::array())) {
    if (entry.value("id", "") != model) continue;
    return entry.value("status", json::object()).value("value", "");
  }
  Fail("llama-server lists no " + model);
}

void LlamaServer::Load(const std::string& model) {
  Post("/models/load", {{"model", model}});
  Await(model + " to be loaded", [&] { return IsLoaded(model); });
}

void LlamaServer::Unload(const std::string& model) {
  Post("/models/unload", {{"model", model}});
  Await(model + " to be unloaded",
        [&] { return StatusOf(model) == "unloaded"; });
}

void LlamaServer::Pause() {
  for (const std::string& pastime : pastimes_) FirstTokenMs(pastime);
}

void LlamaServer::AskForOneToken(const std::string& model,
                                 const std::string& prompt) {
  Post("/v1/completions", {{"model", model},
                           {"prompt", prompt},
                           {"max_tokens", 1},
                           {"cache_prompt", false}});
}

}  // namespace warmup::bench
