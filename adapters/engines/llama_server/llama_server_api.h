#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_API_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_API_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/llama_server/answers.h"

namespace warmup::llama_server {

// How a model's activity can be seen, the best first.
enum class ActivitySource {
  kMetrics,  // a server with --metrics
  kSlots,    // wakes a sleeping model, and keeps an idle one from sleeping
  kNone,     // tells only that the model answers
};

// llama-server's calls, one function each. Thread-safe; `http` outlives it.
// None but Load and Wake loads or wakes a model, and only kSlots keeps it
// awake: a router is told not to load what a question is about.
//
// Errors name the engine and, where there is one, the model; the stable
// reasons, besides those of HttpClient, are
//   NOT_FOUND           MODEL_NOT_FOUND
//   RESOURCE_EXHAUSTED  MODEL_LIMIT_REACHED  a router has as many as it may,
//                                            all of them in use
//   UNIMPLEMENTED       NOT_TOLD             by that source of activity
//   UNAVAILABLE         ENGINE_BUSY          it is still loading
//                       ENGINE_REFUSES       the key is wrong or missing
//                       MODEL_SILENT         it is said to be loaded, and its
//                                            process does not answer
//                       ENGINE_FAILED        anything else it calls an error
//                       ENGINE_ANSWER_UNREADABLE
class LlamaServerApi {
 public:
  explicit LlamaServerApi(HttpClient& http) : http_(http) {}

  // FAILED_PRECONDITION (NOT_LLAMA_SERVER) saying what it seems to be instead.
  // Nothing is told by a server that is still loading its one model.
  absl::StatusOr<Props> Probe();
  // Its models and their status, and whether it is a router. The one model of a
  // server that is still loading it has no name yet.
  absl::StatusOr<Listing> List(const HttpCall& call);
  // Asks a router for a load, which goes on after the answer, and after our
  // leaving. False: the model has a process already, or is about to.
  absl::StatusOr<bool> Load(const std::string& model, const HttpCall& call);
  // Returns before the model is gone. Nothing to do is fine.
  absl::Status Unload(const std::string& model, const HttpCall& call);
  // Blocks until a sleeping model is awake. Counts as no request.
  absl::Status Wake(const std::string& model, const HttpCall& call);
  absl::StatusOr<Activity> Ask(const std::string& model, ActivitySource source,
                               const HttpCall& call);

  absl::Status ModelError(absl::StatusCode code, std::string_view reason,
                          const std::string& model,
                          std::string_view what) const;

 private:
  absl::Status Unreadable(std::string_view path, const absl::Status& why) const;
  // OK for the status 200. Without a model it is about the engine.
  absl::Status StatusOf(const HttpResponse& response,
                        const std::string& model) const;

  HttpClient& http_;
};

}  // namespace warmup::llama_server

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_API_H_
