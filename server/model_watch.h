#ifndef WARMUP_SERVER_MODEL_WATCH_H_
#define WARMUP_SERVER_MODEL_WATCH_H_

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "core/base/clock.h"
#include "server/call_queue.h"
#include "server/model_feed.h"
#include "server/rpc_metrics.h"
#include "server/stream_call.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup {

// Serves ModelService.WatchModels. Each stream remembers which models changed
// since its last write, so a slow reader costs one set of ids and gets the
// newest state of each. Everything but the feed is the queue's thread's.
class ModelWatches {
 public:
  using Call = StreamCall<v1::WatchModelsRequest, v1::WatchModelsResponse>;

  ModelWatches(const Clock& clock, CallQueue& queue,
               RpcMetrics::Method* metrics, Call::Accept accept);

  EventSink& sink() { return feed_; }
  // From here on streams are accepted. `models`: all there are before the
  // runtime starts.
  void Listen(const std::vector<ModelView>& models);
  // Ends all streams; on the queue's thread.
  void End(const absl::Status& status);

 private:
  class Watch;

  void OnChange();

  const Clock& clock_;
  CallQueue& queue_;
  RpcMetrics::Method* const metrics_;
  const Call::Accept accept_;
  QueueWake wake_;
  ModelFeed feed_;
  ModelBoard board_;
  std::set<Watch*> watches_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_MODEL_WATCH_H_
