#ifndef WARMUP_SERVER_CALL_QUEUE_H_
#define WARMUP_SERVER_CALL_QUEUE_H_

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace warmup {

// What the completion queue gives back when an operation has ended. Lives
// until then; a tag may be used for one operation after another.
class Tag {
 public:
  using Handler = std::function<void(bool ok)>;
  explicit Tag(Handler handler) : handler_(std::move(handler)) {}
  Tag(const Tag&) = delete;
  Tag& operator=(const Tag&) = delete;

  void Run(bool ok) { handler_(ok); }

 private:
  const Handler handler_;
};

class CallQueue;

// Lets any thread have `handler` called on the queue's thread soon; wakes that
// come before it has begun are one. Outlives the queue's Stop.
class QueueWake {
 public:
  QueueWake(CallQueue& queue, std::function<void()> handler);

  void Wake() { WakeAfter(std::chrono::nanoseconds(0)); }
  // Not before `pause` is over, if no wake is pending already. While a pause
  // lasts, calls that have arrived are taken off their connections; without
  // one the queue's thread does not look for any.
  void WakeAfter(std::chrono::nanoseconds pause);

 private:
  CallQueue& queue_;
  std::atomic<bool> is_pending_{false};
  grpc::Alarm alarm_;
  Tag tag_;
};

// The daemon's one gRPC thread: a single completion queue that serves every
// call. One queue with one thread answers a call on the core that read it, 29
// us against 45 for the callback API, and answers a sparse probe as fast as a
// busy stream (an idle callback server does not). Handlers therefore never
// block: they ask the runtime, which decides in microseconds, and answer now
// or from a callback.
//
// Everything that handlers own is touched on this thread only and needs no
// lock. Other threads may finish calls and use Wake.
class CallQueue {
 public:
  explicit CallQueue(grpc::ServerBuilder& builder)
      : queue_(builder.AddCompletionQueue()) {}
  ~CallQueue();

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }

  // Begins to work. After the server was started.
  void Start();
  // Ends after the server was shut down: every tag that is out comes back (not
  // ok), then the thread ends.
  void Stop();

  // True once calls are to be refused because the daemon stops.
  bool is_draining() const { return is_draining_.load(); }
  void Drain() { is_draining_.store(true); }

 private:
  void Work();

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::atomic<bool> is_draining_{false};
  QueueWake shut_down_{*this, [this] { queue_->Shutdown(); }};
  std::thread thread_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_CALL_QUEUE_H_
