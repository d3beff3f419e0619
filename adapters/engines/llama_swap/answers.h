#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_ANSWERS_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_ANSWERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// What llama-swap answers, read. Pure. Its answers are untrusted: a field that
// is missing, null or of another type reads as not told, an answer that is not
// what was asked for is INVALID_ARGUMENT.
namespace warmup::llama_swap {

// An entry of /v1/models. Its status is not read: it says "loaded" of a model
// that is starting.
struct ListedModel {
  enum class Kind {
    kModel,    // one that llama-swap runs
    kRemote,   // runs on another machine
    kStandIn,  // stands for other models: an alias, a selector, a profile
  };
  std::string name;
  Kind kind = Kind::kModel;
  std::vector<std::string> aliases;
  int64_t context_length = 0;
  bool is_reranker = false;
};

enum class ProcessState { kStopped, kStarting, kReady, kStopping };

// An entry of /running.
struct RunningModel {
  std::string name;
  ProcessState state = ProcessState::kStopped;
  absl::Duration ttl;  // idle for so long it is unloaded; zero: never
  int port = 0;        // of its server, if that is on loopback
};

// A request that llama-swap hands on to a model.
struct Request {
  std::string id;
  std::string model;
  std::string path;
  std::string started;  // a time; tells it from one of that id after a restart
};

// What an event of /api/events says.
struct FeedMessage {
  enum class Kind {
    kOther,
    kRequests,      // all that are in flight
    kRequest,       // one that began, or got on
    kRequestEnded,  // by its id
    kStates,        // of all models
    kCount,         // of requests, without their models: an older version
  };
  struct ModelState {
    std::string name;
    ProcessState state = ProcessState::kStopped;
  };
  Kind kind = Kind::kOther;
  std::vector<Request> requests;
  std::string ended_id;
  std::vector<ModelState> states;
};

absl::StatusOr<std::vector<ListedModel>> ReadModels(std::string_view text);
absl::StatusOr<std::vector<RunningModel>> ReadRunning(std::string_view text);
// The data of an event. Log lines, which are most of them, are not parsed.
absl::StatusOr<FeedMessage> ReadFeedMessage(std::string_view data);
// "" where none is told.
std::string ReadVersion(std::string_view text);

}  // namespace warmup::llama_swap

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_ANSWERS_H_
