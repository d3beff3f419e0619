#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_OLLAMA_OLLAMA_FIXTURE_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_OLLAMA_OLLAMA_FIXTURE_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapters/engines/ollama/ollama_engine.h"
#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/fake_ollama.h"

namespace warmup {

// The runtime's side of one load. Thread-safe.
class TestControl final : public LoadControl {
 public:
  bool IsCancelled() const override { return is_cancelled_; }
  void ReportProgress(int64_t done_bytes, int64_t /*total_bytes*/) override {
    done_bytes_ = done_bytes;
  }
  void Cancel() { is_cancelled_ = true; }
  int64_t done_bytes() const { return done_bytes_; }

 private:
  std::atomic<bool> is_cancelled_{false};
  std::atomic<int64_t> done_bytes_{-1};
};

inline std::unique_ptr<HttpClient> ClientOf(const std::string& endpoint,
                                            const std::string& token = "") {
  auto client = HttpClient::Create(
      {.engine = "ollama", .endpoint = endpoint, .bearer_token = token});
  INFO(client.status().ToString());
  REQUIRE(client.ok());
  return *std::move(client);
}

// An Ollama with the models "a" and "b", the embedder "e", and the engine on
// it. (The engine goes first: it closes its connections.)
struct Ollama {
  Ollama() : engine(ClientOf(fake.endpoint()), Options()) {
    fake.AddNamed("a:latest");
    fake.AddNamed("b:latest");
    fake.Add({.name = "e:latest", .family = "nomic-bert", .is_embedder = true});
  }

  OllamaEngine::Options Options() {
    return {.on_skipped =
                [this](std::string_view name, const absl::Status& why) {
                  skipped.emplace_back(name, why);
                },
            .unload_timeout = absl::Seconds(1)};
  }

  static ModelSpec Spec(const std::string& name) {
    ModelSpec spec;
    spec.id = name;
    spec.engine = "ollama";
    spec.source = name;
    return spec;
  }
  absl::StatusOr<LoadResult> Load(const std::string& name) {
    TestControl control;
    return engine.Load(Spec(name), control);
  }
  LoadResult LoadOk(const std::string& name) {
    const auto result = Load(name);
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    return *result;
  }
  std::vector<Sighting> LookAtAll(const std::vector<std::string>& names) {
    std::vector<ModelSpec> specs;
    specs.reserve(names.size());
    for (const std::string& name : names) specs.push_back(Spec(name));
    auto sightings = engine.Look(specs);
    INFO(sightings.status().ToString());
    REQUIRE(sightings.ok());
    REQUIRE(sightings->size() == names.size());
    return *std::move(sightings);
  }
  Sighting LookAt(const std::string& name) { return LookAtAll({name})[0]; }

  FakeOllama fake;
  std::vector<std::pair<std::string, absl::Status>> skipped;
  OllamaEngine engine;
};

// A load on a thread of its own.
class BackgroundLoad {
 public:
  BackgroundLoad(OllamaEngine& engine, const std::string& name)
      : thread_([this, &engine, spec = Ollama::Spec(name)] {
          result_ = engine.Load(spec, control_);
        }) {}
  ~BackgroundLoad() {
    control_.Cancel();
    Result();
  }
  BackgroundLoad(const BackgroundLoad&) = delete;
  BackgroundLoad& operator=(const BackgroundLoad&) = delete;

  void Cancel() { control_.Cancel(); }
  const absl::StatusOr<LoadResult>& Result() {
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  TestControl control_;
  absl::StatusOr<LoadResult> result_;
  std::thread thread_;
};

inline std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_OLLAMA_OLLAMA_FIXTURE_H_
