#ifndef WARMUP_SERVER_MODEL_FEED_H_
#define WARMUP_SERVER_MODEL_FEED_H_

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/base/mutex.h"
#include "core/ports/event_sink.h"

namespace warmup {

// Takes in what changes about models and hands the newest of each to one
// reader, whenever that has time: as small as the catalogue, however slow the
// reader. Thread-safe; its mutex is a leaf, held for a map's operation or, by
// the reader, for a swap.
class ModelFeed final : public EventSink {
 public:
  // A model as it is now, or nothing: it was removed.
  struct Change {
    uint64_t version = 0;
    std::optional<ModelView> view;
  };
  using Changes = std::map<ModelId, Change>;

  // `on_change` is called after each change, on whatever thread brought it.
  explicit ModelFeed(std::function<void()> on_change = {})
      : on_change_(std::move(on_change)) {}

  void OnObservation(const Observation& observation) override;

  // What changed since the last call.
  Changes Take();

 private:
  void Put(const ModelId& id, Change change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<void()> on_change_;
  Mutex mutex_;
  Changes changes_ ABSL_GUARDED_BY(mutex_);
};

// The reader's picture of all models, kept up by changes.
class ModelBoard {
 public:
  // Orders changes by version, so that one that was overtaken does no harm.
  // Returns those that are news.
  std::vector<ModelId> Apply(ModelFeed::Changes changes);

  const std::map<ModelId, ModelView>& models() const { return models_; }

 private:
  std::map<ModelId, ModelView> models_;
  // Versions at which models went, so that a late change does not bring one
  // back; as many as there can be models.
  std::map<ModelId, uint64_t> removed_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_MODEL_FEED_H_
