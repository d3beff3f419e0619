#include "adapters/engines/finder/engine_kinds.h"

#include <utility>

#include "adapters/engines/http/http_client.h"
#include "adapters/engines/kserve/kserve_engine.h"
#include "adapters/engines/llama_server/llama_server_engine.h"
#include "adapters/engines/llama_swap/llama_swap_engine.h"
#include "adapters/engines/lm_studio/lm_studio_engine.h"
#include "adapters/engines/local_ai/local_ai_engine.h"
#include "adapters/engines/ollama/ollama_engine.h"
#include "adapters/engines/vllm/vllm_engine.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

std::function<void(std::string_view model, const absl::Status& why)> SkippedOf(
    const std::string& engine, const EngineHooks& hooks) {
  return [engine, on_skipped = hooks.on_skipped](std::string_view model,
                                                 const absl::Status& why) {
    on_skipped(engine, model, why);
  };
}

// Of an adapter over HTTP.
template <class HttpEngine>
EngineKind HttpKind(std::string_view kind, const std::vector<int>& usual_ports,
                    const std::vector<std::string_view>& command_words) {
  const auto connect = [](const EngineSpec& spec, const std::string& token) {
    return HttpClient::Create(
        {.engine = spec.id, .endpoint = spec.endpoint, .bearer_token = token});
  };
  return {.kind = kind,
          .scheme = "http",
          .usual_ports = usual_ports,
          .command_words = command_words,
          .probe = [connect](const EngineSpec& spec, const std::string& token)
              -> absl::StatusOr<std::string> {
            WARMUP_ASSIGN_OR_RETURN(const auto http, connect(spec, token));
            return HttpEngine::Probe(*http);
          },
          .make = [connect](const EngineSpec& spec, const std::string& token,
                            const EngineHooks& hooks)
              -> absl::StatusOr<std::shared_ptr<Engine>> {
            WARMUP_ASSIGN_OR_RETURN(auto http, connect(spec, token));
            typename HttpEngine::Options options;
            options.on_skipped = SkippedOf(spec.id, hooks);
            if constexpr (requires { options.host_free_bytes; }) {
              options.host_free_bytes = hooks.host_free_bytes;
            }
            return std::make_shared<HttpEngine>(std::move(http),
                                                std::move(options));
          }};
}

EngineKind Kserve() {
  return {.kind = "kserve",
          .scheme = "grpc",
          .usual_ports = {8001},
          .command_words = {"tritonserver", "mlserver", "kserve"},
          .probe =
              [](const EngineSpec& spec, const std::string& /*token*/) {
                return KserveEngine::Probe(spec.id, spec.endpoint);
              },
          .make = [](const EngineSpec& spec, const std::string& token,
                     const EngineHooks& hooks)
              -> absl::StatusOr<std::shared_ptr<Engine>> {
            if (!token.empty()) {
              return InvalidField("token_file", "is not for a kserve");
            }
            KserveEngine::Options options;
            options.on_skipped = SkippedOf(spec.id, hooks);
            WARMUP_ASSIGN_OR_RETURN(auto engine,
                                    KserveEngine::Create(spec.id, spec.endpoint,
                                                         std::move(options)));
            return std::shared_ptr<Engine>(std::move(engine));
          }};
}

}  // namespace

std::vector<EngineKind> EngineKinds() {
  return {
      HttpKind<LocalAiEngine>("local-ai", {8080}, {"local-ai", "localai"}),
      HttpKind<OllamaEngine>("ollama", {11434}, {"ollama"}),
      HttpKind<LlamaSwapEngine>("llama-swap", {8080}, {"llama-swap"}),
      HttpKind<LlamaServerEngine>("llama-server", {8080, 9931},
                                  {"llama-server"}),
      HttpKind<LmStudioEngine>("lm-studio", {1234},
                               {"lm-studio", "LM Studio", "lmstudio"}),
      HttpKind<VllmEngine>("vllm", {8000}, {"vllm"}),
      Kserve(),
  };
}

}  // namespace warmup
