#ifndef WARMUP_ADAPTERS_ENGINES_FINDER_ENGINE_KINDS_H_
#define WARMUP_ADAPTERS_ENGINES_FINDER_ENGINE_KINDS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/ports/engine_finder.h"

namespace warmup {

// What is passed over when an engine lists its models, and why.
using SkippedModelCallback = std::function<void(
    std::string_view engine, std::string_view model, const absl::Status& why)>;

// What engines ask of the daemon.
struct EngineHooks {
  SkippedModelCallback on_skipped = [](auto, auto, const auto&) {};
  // Memory of this machine that is free now.
  std::function<int64_t()> host_free_bytes;
};

// One kind of inference server that this daemon speaks with.
struct EngineKind {
  std::string_view kind;    // "llama-server"
  std::string_view scheme;  // "http", "grpc"
  // Where its users have it, if they did not say otherwise.
  std::vector<int> usual_ports;
  // What is in the command line of one: only a hint whom to ask what it is.
  std::vector<std::string_view> command_words;
  // Asks whoever is at spec.endpoint: its version, which may be empty, or
  // FAILED_PRECONDITION saying why it is none of these. `token`: a bearer
  // token, or empty.
  std::function<absl::StatusOr<std::string>(const EngineSpec& spec,
                                            const std::string& token)>
      probe;
  // Without asking.
  std::function<absl::StatusOr<std::shared_ptr<Engine>>(
      const EngineSpec& spec, const std::string& token,
      const EngineHooks& hooks)>
      make;
};

// All of them, in the order in which they are asked for: whoever imitates
// another comes before it.
std::vector<EngineKind> EngineKinds();

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FINDER_ENGINE_KINDS_H_
