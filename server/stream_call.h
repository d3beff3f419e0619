#ifndef WARMUP_SERVER_STREAM_CALL_H_
#define WARMUP_SERVER_STREAM_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "core/base/check.h"
#include "server/call_queue.h"
#include "server/grpc_status.h"
#include "server/rpc_metrics.h"

namespace warmup {

// One call that answers with a stream; owns itself from Listen on. Everything
// happens on the queue's thread, one write at a time: what there is to say
// while a write is out waits for OnWritten.
template <class Request, class Response>
class StreamCall {
 public:
  using Writer = grpc::ServerAsyncWriter<Response>;
  using Accept =
      std::function<void(grpc::ServerContext*, Request*, Writer*, void* tag)>;

  StreamCall(RpcMetrics::Method* metrics, const Accept& accept)
      : metrics_(metrics),
        writer_(&context_),
        on_accepted_([this](bool ok) { Accepted(ok); }),
        on_written_([this](bool ok) { Written(ok); }),
        on_finished_([this](bool) { Release(); }),
        on_done_([this](bool) { Done(); }) {
    context_.AsyncNotifyWhenDone(&on_done_);
    accept(&context_, &request_, &writer_, &on_accepted_);
  }
  virtual ~StreamCall() = default;
  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;

  // Ends the stream, after the write that is out. The first one counts.
  void Finish(const absl::Status& status) {
    if (is_closed_ || end_.has_value()) return;
    end_ = status;
    if (!is_writing_) SendEnd();
  }

 protected:
  // A call came: it is this one. The next one must be listened for.
  virtual void OnStarted() = 0;
  // The write that was out is done: there is room for the next.
  virtual void OnWritten() = 0;
  // The call is over; nothing is called any more and this is deleted soon.
  virtual void OnClosed() = 0;

  const Request& request() const { return request_; }
  bool CanWrite() const {
    return !is_writing_ && !is_closed_ && !end_.has_value();
  }
  // Only if CanWrite.
  void Write(const Response& response) {
    WARMUP_DCHECK(CanWrite());
    is_writing_ = true;
    ++operations_;
    writer_.Write(response, &on_written_);
  }

 private:
  void Accepted(bool ok) {
    if (!ok) {  // the server is shutting down; on_done_ does not come
      delete this;
      return;
    }
    started_ = RpcMetrics::Clock::now();
    metrics_->Started();
    OnStarted();
  }

  void Written(bool ok) {
    is_writing_ = false;
    if (!ok) {
      Close();
    } else if (end_.has_value()) {
      SendEnd();
    } else if (!is_closed_) {
      OnWritten();
    }
    Release();
  }

  void SendEnd() {
    ++operations_;
    writer_.Finish(ToGrpcStatus(*end_), &on_finished_);
  }

  void Done() {
    Close();
    Release();
  }

  void Close() {
    if (std::exchange(is_closed_, true)) return;
    metrics_->Handled(end_.value_or(absl::CancelledError("")), started_);
    OnClosed();
  }

  void Release() {
    if (--operations_ == 0) delete this;
  }

  RpcMetrics::Method* const metrics_;
  grpc::ServerContext context_;
  Request request_;
  Writer writer_;
  RpcMetrics::Clock::time_point started_;
  bool is_writing_ = false;
  bool is_closed_ = false;
  std::optional<absl::Status> end_;
  int operations_ = 1;  // tags still to come, on_done_ among them
  Tag on_accepted_;
  Tag on_written_;
  Tag on_finished_;
  Tag on_done_;
};

}  // namespace warmup

#endif  // WARMUP_SERVER_STREAM_CALL_H_
