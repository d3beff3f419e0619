#ifndef WARMUP_SERVER_EVENT_SERVICE_H_
#define WARMUP_SERVER_EVENT_SERVICE_H_

#include <atomic>
#include <chrono>
#include <deque>
#include <set>
#include <string>

#include "core/events/event_log.h"
#include "core/runtime/runtime.h"
#include "server/call_queue.h"
#include "server/rpc_metrics.h"
#include "server/stream_call.h"
#include "warmup/v1/event.grpc.pb.h"

namespace warmup {

// An event as one entry of SubscribeResponse.events, tag and length included:
// bytes of several, one after another, are a response. What EventLog needs to
// encode each event once for all its readers.
std::string EncodeEvent(const Event& event);

// warmup.v1.EventService: publishing through the runtime, reading straight
// from the log. A subscriber is a cursor into the log; a publisher only wakes
// the queue's thread, whatever the number of subscribers.
class EventServer {
 public:
  EventServer(const EventLog& log, CallQueue& queue, RpcMetrics& metrics);

  grpc::Service* service() { return &service_; }
  EventSink& sink() { return sink_; }
  void Listen(Runtime& runtime);
  // Ends all streams; on the queue's thread.
  void EndStreams(const absl::Status& status);

 private:
  using AsyncService = v1::EventService::WithAsyncMethod_Publish<
      v1::EventService::WithRawMethod_Subscribe<
          v1::EventService::WithAsyncMethod_GetRecentEvents<
              v1::EventService::Service>>>;
  class Subscriber;

  // Tells the streams that there is something new.
  class Sink final : public EventSink {
   public:
    explicit Sink(QueueWake& wake) : wake_(wake) {}
    void OnObservation(const Observation& observation) override {
      if (observation.has_new_events && has_streams_.load()) wake_.Wake();
    }
    void SetHasStreams(bool has_streams) { has_streams_.store(has_streams); }

   private:
    QueueWake& wake_;
    std::atomic<bool> has_streams_{false};
  };

  void ListenUnary();
  void OnNewEvents();

  const EventLog& log_;
  CallQueue& queue_;
  RpcMetrics& metrics_;
  RpcMetrics::Method* const subscribe_metrics_;
  AsyncService service_;
  Runtime* runtime_ = nullptr;

  // The queue's thread's. A stream that has nothing under way waits for the
  // next round; the streams of a round are looked at one after the other, for
  // a short time without a pause.
  std::set<Subscriber*> subscribers_;
  std::deque<Subscriber*> waiting_;
  std::deque<Subscriber*> ready_;
  uint64_t seen_sequence_ = 0;  // of the log, when the last round began
  bool is_someone_behind_ = false;
  std::chrono::steady_clock::time_point next_turn_;
  QueueWake wake_;
  Sink sink_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_EVENT_SERVICE_H_
