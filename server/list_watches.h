#ifndef WARMUP_SERVER_LIST_WATCHES_H_
#define WARMUP_SERVER_LIST_WATCHES_H_

#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "server/call_queue.h"
#include "server/grpc_status.h"
#include "server/rpc_metrics.h"
#include "server/stream_call.h"

namespace warmup {

// The streams of a list that is small enough to be sent whole: each gets the
// newest at once and whenever it is another one; a slow reader gets no other.
// The queue's thread's, but for has_streams.
template <class Request, class Response>
class ListWatches {
 public:
  using Call = StreamCall<Request, Response>;

  // `make` makes the newest list; `strip` takes out of a copy what is no news
  // by itself, as times that come out of two clocks.
  struct List {
    std::function<Response()> make;
    std::function<void(Response&)> strip = [](Response&) {};
  };

  ListWatches(CallQueue& queue, RpcMetrics::Method* metrics,
              typename Call::Accept accept)
      : queue_(queue), metrics_(metrics), accept_(std::move(accept)) {}

  // From here on streams are accepted.
  void Listen(List list) {
    list_ = std::move(list);
    new Watch(*this);
  }
  // After the list may have changed.
  void WriteNews() {
    for (Watch* watch : watches_) watch->WriteNews();
  }
  // Ends all streams.
  void End(const absl::Status& status) {
    for (Watch* watch : watches_) watch->Finish(status);
  }
  // Any thread's.
  bool has_streams() const { return has_streams_.load(); }
  // Called when there is a first one.
  void set_on_first(std::function<void()> on_first) {
    on_first_ = std::move(on_first);
  }

 private:
  class Watch final : public Call {
   public:
    explicit Watch(ListWatches& owner)
        : Call(owner.metrics_, owner.accept_), owner_(owner) {}

    void WriteNews() {
      if (!this->CanWrite()) return;
      Response response = owner_.list_.make();
      Response essence = response;
      owner_.list_.strip(essence);
      std::string text = essence.SerializeAsString();
      if (is_told_ && text == told_) return;
      is_told_ = true;
      told_ = std::move(text);
      this->Write(response);
    }

   private:
    void OnStarted() override {
      new Watch(owner_);  // the next call
      if (owner_.queue_.is_draining()) return this->Finish(StoppingError());
      if (owner_.watches_.size() >= limits::kMaxSubscribers) {
        return this->Finish(MakeError(
            absl::StatusCode::kResourceExhausted, "TOO_MANY_SUBSCRIBERS",
            "too many watches", {{"limit", "kMaxSubscribers"}}));
      }
      owner_.watches_.insert(this);
      owner_.has_streams_.store(true);
      WriteNews();
      if (owner_.watches_.size() == 1) owner_.on_first_();
    }
    void OnWritten() override { WriteNews(); }
    void OnClosed() override {
      owner_.watches_.erase(this);
      owner_.has_streams_.store(!owner_.watches_.empty());
    }

    ListWatches& owner_;
    std::string told_;
    bool is_told_ = false;
  };

  CallQueue& queue_;
  RpcMetrics::Method* const metrics_;
  const typename Call::Accept accept_;
  List list_;
  std::function<void()> on_first_ = [] {};
  std::set<Watch*> watches_;
  std::atomic<bool> has_streams_{false};
};

}  // namespace warmup

#endif  // WARMUP_SERVER_LIST_WATCHES_H_
