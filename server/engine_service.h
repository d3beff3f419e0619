#ifndef WARMUP_SERVER_ENGINE_SERVICE_H_
#define WARMUP_SERVER_ENGINE_SERVICE_H_

#include <chrono>

#include "absl/status/status.h"
#include "core/runtime/runtime.h"
#include "server/call_queue.h"
#include "server/list_watches.h"
#include "server/rpc_metrics.h"
#include "warmup/v1/engine.grpc.pb.h"

namespace warmup {

// warmup.v1.EngineService over the runtime. Made before the server's start,
// serves from Listen on; see CallQueue for threads.
class EngineServer {
 public:
  EngineServer(CallQueue& queue, RpcMetrics& metrics);

  grpc::Service* service() { return &service_; }
  EventSink& sink() { return sink_; }
  void Listen(Runtime& runtime);
  // Ends all streams; on the queue's thread.
  void EndStreams(const absl::Status& status);

 private:
  using Watches =
      ListWatches<v1::WatchEnginesRequest, v1::WatchEnginesResponse>;

  // Tells the streams that a list may be another one.
  class Sink final : public EventSink {
   public:
    Sink(QueueWake& wake, const Watches& watches)
        : wake_(wake), watches_(watches) {}
    void OnObservation(const Observation& observation) override {
      const bool is_news = observation.have_engines_changed ||
                           !observation.changed.empty() ||
                           !observation.removed.empty();
      if (is_news && watches_.has_streams()) wake_.WakeAfter(kPause);
    }

   private:
    // A list is made from the whole catalogue: not more often than this.
    static constexpr auto kPause = std::chrono::milliseconds(50);

    QueueWake& wake_;
    const Watches& watches_;
  };

  void ListenEdits();

  CallQueue& queue_;
  RpcMetrics::Method* const list_metrics_;
  RpcMetrics::Method* const detect_metrics_;
  RpcMetrics::Method* const add_metrics_;
  RpcMetrics::Method* const remove_metrics_;
  v1::EngineService::AsyncService service_;
  Runtime* runtime_ = nullptr;
  Watches watches_;
  QueueWake wake_;
  Sink sink_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_ENGINE_SERVICE_H_
