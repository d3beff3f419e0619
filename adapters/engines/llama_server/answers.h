#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_ANSWERS_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_ANSWERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Pure readers of what llama-server answers, untrusted (see json_answer.h). An
// answer that is not what it should be is INVALID_ARGUMENT saying what is
// wrong, without naming the engine.
namespace warmup::llama_server {

enum class ModelStatus {
  kUnloaded,
  kLoading,
  kLoaded,
  kSleeping,  // its process lives, without the weights
  kOther,     // is being downloaded, or a word that is not known
};

// An entry of /models. One without a usable name keeps an empty one, so that
// whoever passes over it can say so.
struct ListedModel {
  std::string id;
  std::vector<std::string> aliases;
  ModelStatus status = ModelStatus::kUnloaded;
  // Its process ended by itself, or while it was loading; until the next load.
  bool has_failed = false;
  // The command of its process, that of the last one when there is none; empty
  // where it is not told, and what follows from it then.
  std::vector<std::string> command;
  std::string path;  // of the weights; may be relative
  int port = 0;      // another one for each process; 0: it never had one
  bool may_sleep = false;
  bool is_embedder = false;
  bool is_reranker = false;
  // Told of a loaded one.
  int64_t weight_bytes = 0;
  int64_t context_length = 0;  // that it was trained with
};

struct Listing {
  // False: a server of one model, which tells less of it.
  bool is_router = false;
  std::string version;  // told by a server of one model only
  std::vector<ListedModel> models;
};

// Has a process that has loaded it once.
bool IsUp(const ListedModel& model);

// Finds models by their ids, else by their aliases. The one model of a server
// that is still loading it has no name yet, and may be any. `listing` outlives
// it.
class ModelIndex {
 public:
  explicit ModelIndex(const Listing& listing);
  const ListedModel* Find(std::string_view name) const;  // null: none

 private:
  std::map<std::string_view, const ListedModel*> models_;
  const ListedModel* unnamed_ = nullptr;
};
// The same for one name.
const ListedModel* FindModel(const Listing& listing, std::string_view name);

// Of /props, by a router, by a server of one model, or of a router's model.
struct Props {
  bool is_router = false;
  int max_models = 0;  // a router has loaded at once; 0: no limit
  std::string version;
  std::string path;  // of the weights
  bool is_sleeping = false;
};

// What shows that a model is used.
struct Activity {
  // Numbers of which one that is another than before, and not 0, is a use
  // since. A new process begins with zeros.
  std::vector<int64_t> marks;
  bool is_busy = false;
};

absl::StatusOr<Listing> ReadModels(std::string_view text);
absl::StatusOr<Props> ReadProps(std::string_view text);
// Of /metrics: one mark, the tokens of all prompts, which is brought up to date
// once in each request, when its prompt has been worked through.
absl::StatusOr<Activity> ReadMetrics(std::string_view text);
// Of /slots: a mark for each slot, the task that it serves or served last.
absl::StatusOr<Activity> ReadSlots(std::string_view text);

}  // namespace warmup::llama_server

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_ANSWERS_H_
