#ifndef WARMUP_SERVER_UNARY_CALL_H_
#define WARMUP_SERVER_UNARY_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "server/call_queue.h"
#include "server/grpc_status.h"
#include "server/rpc_metrics.h"

namespace warmup {

// One unary call, from the moment it is waited for until its answer is sent;
// owns itself. Handlers run on the queue's thread.
template <class Request, class Response>
class UnaryCall {
 public:
  using Writer = grpc::ServerAsyncResponseWriter<Response>;
  // What all calls of one method share; outlives them.
  struct Method {
    CallQueue* queue;
    RpcMetrics::Method* metrics;
    // Asks gRPC for the next call.
    std::function<void(grpc::ServerContext*, Request*, Writer*, void* tag)>
        accept;
    std::function<void(UnaryCall*)> handler;
    // Whether the handler may wait long enough to care that its caller left.
    bool watches_cancel = false;
  };

  static void Listen(std::shared_ptr<const Method> method) {
    auto* call = new UnaryCall(std::move(method));
    call->Accept();
  }

  UnaryCall(const UnaryCall&) = delete;
  UnaryCall& operator=(const UnaryCall&) = delete;

  const Request& request() const { return request_; }
  const grpc::ServerContext& context() const { return context_; }

  // Exactly once, from any thread; the call is gone soon after.
  void Answer(const absl::StatusOr<Response>& answer) {
    [[maybe_unused]] const bool was_answered = is_answered_.exchange(true);
    WARMUP_DCHECK(!was_answered);
    method_->metrics->Handled(answer.status(), started_);
    if (answer.ok()) {
      writer_.Finish(*answer, grpc::Status::OK, &on_finished_);
    } else {
      writer_.FinishWithError(ToGrpcStatus(answer.status()), &on_finished_);
    }
  }

  // Called on the queue's thread if the caller leaves before the answer. Only
  // for methods that watch; set it in the handler.
  void OnCancel(std::function<void()> on_cancel) {
    on_cancel_ = std::move(on_cancel);
  }

 private:
  explicit UnaryCall(std::shared_ptr<const Method> method)
      : method_(std::move(method)),
        writer_(&context_),
        on_accepted_([this](bool ok) { Accepted(ok); }),
        on_finished_([this](bool) {
          // Also tells ThreadSanitizer that the answer came before: it does
          // not see how gRPC orders the two threads.
          WARMUP_DCHECK(is_answered_.load());
          Release();
        }),
        on_done_([this](bool) {
          if (context_.IsCancelled() && on_cancel_) on_cancel_();
          Release();
        }) {}

  void Accept() {
    if (method_->watches_cancel) {
      context_.AsyncNotifyWhenDone(&on_done_);
      ++operations_;
    }
    method_->accept(&context_, &request_, &writer_, &on_accepted_);
  }

  void Accepted(bool ok) {
    if (!ok) {  // the server is shutting down
      delete this;
      return;
    }
    Listen(method_);
    started_ = RpcMetrics::Clock::now();
    method_->metrics->Started();
    if (method_->queue->is_draining()) {
      Answer(StoppingError());
      return;
    }
    method_->handler(this);
  }

  void Release() {
    if (--operations_ == 0) delete this;
  }

  const std::shared_ptr<const Method> method_;
  grpc::ServerContext context_;
  Request request_;
  Writer writer_;
  RpcMetrics::Clock::time_point started_;
  std::function<void()> on_cancel_;
  std::atomic<bool> is_answered_{false};
  int operations_ = 1;  // tags still to come, after the call was accepted
  Tag on_accepted_;
  Tag on_finished_;
  Tag on_done_;
};

// Serves one unary method of an async service: `request` is the generated
// RequestX, `handler` a callable taking UnaryCall<Request, Response>*.
template <class Service, class Base, class Request, class Response,
          class Handler>
void ServeUnary(
    Service& service,
    void (Base::*request)(grpc::ServerContext*, Request*,
                          grpc::ServerAsyncResponseWriter<Response>*,
                          grpc::CompletionQueue*, grpc::ServerCompletionQueue*,
                          void*),
    CallQueue& queue, RpcMetrics::Method* metrics, Handler handler,
    bool watches_cancel = false) {
  using Call = UnaryCall<Request, Response>;
  auto method = std::make_shared<typename Call::Method>();
  method->queue = &queue;
  method->metrics = metrics;
  method->accept = [&service, request, &queue](
                       grpc::ServerContext* context, Request* message,
                       typename Call::Writer* writer, void* tag) {
    (service.*request)(context, message, writer, queue.queue(), queue.queue(),
                       tag);
  };
  method->handler = std::move(handler);
  method->watches_cancel = watches_cancel;
  Call::Listen(std::move(method));
}

// A handler that answers at once: `answer` takes the request and returns
// StatusOr<Response>.
template <class Answer>
auto AtOnce(Answer answer) {
  return [answer = std::move(answer)](auto* call) {
    call->Answer(answer(call->request()));
  };
}

}  // namespace warmup

#endif  // WARMUP_SERVER_UNARY_CALL_H_
