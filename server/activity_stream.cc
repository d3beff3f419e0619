#include "server/activity_stream.h"

#include <utility>

#include "core/base/status_macros.h"
#include "server/convert.h"
#include "server/grpc_status.h"
#include "server/unary_call.h"

namespace warmup {

// One call; owns itself. One operation is out at a time: a read, or the end.
class ActivityStreams::Stream {
 public:
  explicit Stream(ActivityStreams& streams)
      : streams_(streams),
        reader_(&context_),
        on_accepted_([this](bool ok) { Accepted(ok); }),
        on_read_([this](bool ok) { Read(ok); }),
        on_finished_([this](bool) { delete this; }) {
    streams_.accept_(&context_, &reader_, &on_accepted_);
  }

  // While a read is out the end waits for it: cancelling the call ends both.
  void End(const absl::Status& status) {
    end_ = status;
    context_.TryCancel();
  }

 private:
  void Accepted(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    new Stream(streams_);  // the next call
    started_ = RpcMetrics::Clock::now();
    streams_.metrics_->Started();
    if (streams_.queue_.is_draining()) {
      Finish(StoppingError());
      return;
    }
    streams_.streams_.insert(this);
    reader_.Read(&request_, &on_read_);
  }

  void Read(bool ok) {
    if (!ok) {  // the client is done, or gone
      Finish(end_);
      return;
    }
    if (const absl::Status status = Take(); !status.ok()) {
      Finish(status);
      return;
    }
    ++count_;
    reader_.Read(&request_, &on_read_);
  }

  absl::Status Take() {
    Runtime& runtime = *streams_.runtime_;
    WARMUP_ASSIGN_OR_RETURN(ActivityReport report,
                            ReadActivity(WallClock(runtime.Now()), "activity",
                                         request_.activity()));
    return runtime.ReportActivity({std::move(report)});
  }

  void Finish(const absl::Status& status) {
    streams_.streams_.erase(this);
    streams_.metrics_->Handled(status, started_);
    if (!status.ok()) {
      reader_.FinishWithError(ToGrpcStatus(status), &on_finished_);
      return;
    }
    v1::StreamActivityResponse response;
    response.set_accepted_count(count_);
    reader_.Finish(response, grpc::Status::OK, &on_finished_);
  }

  ActivityStreams& streams_;
  grpc::ServerContext context_;
  Reader reader_;
  v1::StreamActivityRequest request_;
  RpcMetrics::Clock::time_point started_;
  uint32_t count_ = 0;
  absl::Status end_;
  Tag on_accepted_;
  Tag on_read_;
  Tag on_finished_;
};

void ActivityStreams::Listen(Runtime& runtime) {
  runtime_ = &runtime;
  new Stream(*this);
}

void ActivityStreams::End(const absl::Status& status) {
  for (Stream* stream : streams_) stream->End(status);
}

}  // namespace warmup
