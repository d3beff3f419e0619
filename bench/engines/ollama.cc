#include "bench/engines/ollama.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/support/table.h"

namespace warmup::bench {
namespace {

using nlohmann::json;

// Instead of its five minutes. Long enough for warmupd to see it: what goes
// earlier than it was seen to, somebody has unloaded.
constexpr absl::Duration kKeepAlive = absl::Seconds(3);

std::string Sha256(const std::string& path) {
  FILE* pipe = popen(absl::StrCat("sha256sum '", path, "'").c_str(), "r");
  std::string digest(64, '0');
  const bool is_read =
      pipe != nullptr && fread(digest.data(), 1, 64, pipe) == digest.size();
  if (pipe == nullptr || pclose(pipe) != 0 || !is_read) {
    Fail("sha256sum " + path);
  }
  return digest;
}

}  // namespace

Ollama::Ollama(const std::string& program, const std::string& folder,
               const std::vector<ModelFile>& files)
    : Ollama(program, folder, files, FreePort()) {}

Ollama::Ollama(const std::string& program, const std::string& folder,
               const std::vector<ModelFile>& files, int port)
    : InferenceServer("ollama", port,
                      {"/usr/bin/env", "HOME=" + folder,
                       absl::StrCat("OLLAMA_HOST=127.0.0.1:", port),
                       "OLLAMA_MODELS=" + folder + "/models",
                       "OLLAMA_NO_CLOUD=1", program, "serve"},
                      folder),
      folder_(folder) {
  AwaitUp("/api/version");
  for (const ModelFile& file : files) Import(file);
}

void Ollama::Import(const ModelFile& file) {
  const std::string digest = Sha256(file.path);
  digests_[file.model] = digest;
  PostBytes("/api/blobs/sha256:" + digest, ReadFile(file.path));
  Post("/api/create", {{"model", file.model},
                       {"files", {{"x.gguf", "sha256:" + digest}}},
                       {"stream", false}});
}

bool Ollama::IsLoaded(const std::string& model) {
  for (const json& running : Get("/api/ps").value("models", json::array())) {
    if (running.value("name", "") == IdOf(model)) return true;
  }
  return false;
}

void Ollama::Load(const std::string& model) {
  Post("/api/generate", {{"model", model}});
}

void Ollama::Unload(const std::string& model) {
  Post("/api/generate", {{"model", model}, {"keep_alive", 0}});
  AwaitUnloaded(model);
}

void Ollama::Pause() { absl::SleepFor(1.5 * kKeepAlive); }

void Ollama::AskForOneToken(const std::string& model,
                            const std::string& prompt) {
  Post("/api/generate", {{"model", model},
                         {"prompt", prompt},
                         {"stream", false},
                         {"keep_alive", absl::FormatDuration(kKeepAlive)},
                         {"options", {{"num_predict", 1}}}});
}

}  // namespace warmup::bench
