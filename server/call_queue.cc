#include "server/call_queue.h"

namespace warmup {

CallQueue::~CallQueue() { Stop(); }

void CallQueue::Start() {
  thread_ = std::thread([this] { Work(); });
}

void CallQueue::Stop() {
  queue_->Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Work();  // never started: give back what is out
  }
}

void CallQueue::Work() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<Tag*>(tag)->Run(ok);
}

QueueWake::QueueWake(CallQueue& queue, std::function<void()> handler)
    : queue_(queue), tag_([this, handler = std::move(handler)](bool ok) {
        // First: a wake during the handler must not be lost.
        is_pending_.store(false);
        if (ok) handler();
      }) {}

void QueueWake::Wake() {
  if (is_pending_.exchange(true)) return;
  alarm_.Set(queue_.queue(), gpr_inf_past(GPR_CLOCK_MONOTONIC), &tag_);
}

}  // namespace warmup
