#include "server/model_watch.h"

#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "server/convert.h"

namespace warmup {
namespace {

// Models in one response: some 100 kB.
constexpr size_t kMaxModelsPerResponse = 256;

absl::Status Validate(const v1::WatchModelsRequest& request) {
  if (static_cast<size_t>(request.model_ids_size()) > limits::kMaxModels) {
    return InvalidField("model_ids",
                        "has more entries than there can be "
                        "models");
  }
  for (const std::string& id : request.model_ids()) {
    const absl::Status status = ValidateId("model_ids", id);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

class ModelWatches::Watch final : public Call {
 public:
  explicit Watch(ModelWatches& watches)
      : Call(watches.metrics_, watches.accept_), watches_(watches) {}

  void Changed(const std::vector<ModelId>& ids) {
    for (const ModelId& id : ids) {
      if (wanted_.empty() || wanted_.contains(id)) pending_.insert(id);
    }
    WriteSome();
  }

 private:
  void OnStarted() override {
    new Watch(watches_);  // the next call
    if (watches_.queue_.is_draining()) {
      Finish(StoppingError());
      return;
    }
    if (watches_.watches_.size() >= limits::kMaxSubscribers) {
      Finish(MakeError(absl::StatusCode::kResourceExhausted,
                       "TOO_MANY_SUBSCRIBERS", "too many watches",
                       {{"limit", "kMaxSubscribers"}}));
      return;
    }
    if (const absl::Status status = Validate(request()); !status.ok()) {
      Finish(status);
      return;
    }
    wanted_.insert(request().model_ids().begin(), request().model_ids().end());
    watches_.watches_.insert(this);
    for (const auto& [id, view] : watches_.board_.models()) {
      if (wanted_.empty() || wanted_.contains(id)) pending_.insert(id);
    }
    WriteSome();
  }

  void OnWritten() override { WriteSome(); }
  void OnClosed() override { watches_.watches_.erase(this); }

  void WriteSome() {
    if (!CanWrite() || (pending_.empty() && is_snapshot_told_)) return;
    const WallClock wall(watches_.clock_.Now());
    v1::WatchModelsResponse response;
    const auto& models = watches_.board_.models();
    for (size_t i = 0; i < kMaxModelsPerResponse && !pending_.empty(); ++i) {
      const auto model = models.find(*pending_.begin());
      if (model != models.end()) {
        SetModel(wall, model->second, response.add_models());
      } else {
        response.add_removed_model_ids(*pending_.begin());
      }
      pending_.erase(pending_.begin());
    }
    if (pending_.empty() && !is_snapshot_told_) {
      response.set_is_snapshot_complete(true);
      is_snapshot_told_ = true;
    }
    Write(response);
  }

  ModelWatches& watches_;
  std::set<ModelId> wanted_;
  std::set<ModelId> pending_;
  bool is_snapshot_told_ = false;
};

ModelWatches::ModelWatches(const Clock& clock, CallQueue& queue,
                           RpcMetrics::Method* metrics, Call::Accept accept)
    : clock_(clock),
      queue_(queue),
      metrics_(metrics),
      accept_(std::move(accept)),
      wake_(queue, [this] { OnChange(); }),
      feed_([this] { wake_.Wake(); }) {}

void ModelWatches::Listen(const std::vector<ModelView>& models) {
  ModelFeed::Changes all;
  for (const ModelView& view : models) all[view.spec.id] = {0, view};
  board_.Apply(std::move(all));
  new Watch(*this);
}

void ModelWatches::OnChange() {
  const std::vector<ModelId> news = board_.Apply(feed_.Take());
  if (news.empty()) return;
  for (Watch* watch : watches_) watch->Changed(news);
}

void ModelWatches::End(const absl::Status& status) {
  for (Watch* watch : watches_) watch->Finish(status);
}

}  // namespace warmup
