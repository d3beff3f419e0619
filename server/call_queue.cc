#include "server/call_queue.h"

namespace warmup {

CallQueue::~CallQueue() { Stop(); }

void CallQueue::Start() {
  thread_ = std::thread([this] { Work(); });
}

void CallQueue::Stop() {
  if (!thread_.joinable()) {
    queue_->Shutdown();
    Work();  // never started: give back what is out
    return;
  }
  // On the queue's thread, behind all that has come by now: a call that was
  // accepted before can still be answered, which a queue that is shut down
  // would abort on.
  shut_down_.Wake();
  thread_.join();
}

void CallQueue::Work() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<Tag*>(tag)->Run(ok);
}

QueueWake::QueueWake(CallQueue& queue, std::function<void()> handler)
    : queue_(queue), tag_([this, handler = std::move(handler)](bool ok) {
        // First: a wake during the handler must not be lost. An exchange, for
        // it sees what was done before the wake.
        is_pending_.exchange(false);
        if (ok) handler();
      }) {}

void QueueWake::WakeAfter(std::chrono::nanoseconds pause) {
  if (is_pending_.exchange(true)) return;
  const gpr_timespec at =
      pause.count() <= 0
          ? gpr_inf_past(GPR_CLOCK_MONOTONIC)
          : gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                         gpr_time_from_nanos(pause.count(), GPR_TIMESPAN));
  alarm_.Set(queue_.queue(), at, &tag_);
}

}  // namespace warmup
