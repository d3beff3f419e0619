#include "server/activity_stream.h"

#include <utility>

#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/convert.h"
#include "server/grpc_status.h"

namespace warmup {

// One call; owns itself. While it goes on one read is out; the end may be sent
// beside it.
class ActivityStreams::Stream {
 public:
  explicit Stream(ActivityStreams& streams)
      : streams_(streams),
        reader_(&context_),
        on_accepted_([this](bool ok) { Accepted(ok); }),
        on_read_([this](bool ok) { Read(ok); }),
        on_finished_([this](bool) { Release(); }) {
    streams_.accept_(&context_, &reader_, &on_accepted_);
  }

  // Once.
  void Finish(const absl::Status& status) {
    is_finished_ = true;
    streams_.streams_.erase(this);
    streams_.metrics_->Handled(status, started_);
    ++operations_;
    if (!status.ok()) {
      reader_.FinishWithError(ToGrpcStatus(status), &on_finished_);
      return;
    }
    v1::StreamActivityResponse response;
    response.set_accepted_count(count_);
    reader_.Finish(response, grpc::Status::OK, &on_finished_);
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
    ReadNext();
  }

  void ReadNext() {
    ++operations_;
    reader_.Read(&request_, &on_read_);
  }

  void Read(bool ok) {
    if (!is_finished_) {
      const absl::Status status = ok ? Take() : absl::OkStatus();
      if (!ok || !status.ok()) {  // not ok: the client is done, or gone
        Finish(status);
      } else {
        ++count_;
        ReadNext();
      }
    }
    Release();
  }

  absl::Status Take() {
    Runtime& runtime = *streams_.runtime_;
    WARMUP_ASSIGN_OR_RETURN(ActivityReport report,
                            ReadActivity(WallClock(runtime.Now()), "activity",
                                         request_.activity()));
    return runtime.ReportActivity({std::move(report)});
  }

  void Release() {
    if (--operations_ == 0) delete this;
  }

  ActivityStreams& streams_;
  grpc::ServerContext context_;
  Reader reader_;
  v1::StreamActivityRequest request_;
  RpcMetrics::Clock::time_point started_;
  uint32_t count_ = 0;
  bool is_finished_ = false;
  int operations_ = 0;  // tags still to come, after the call was accepted
  Tag on_accepted_;
  Tag on_read_;
  Tag on_finished_;
};

void ActivityStreams::Listen(Runtime& runtime) {
  runtime_ = &runtime;
  new Stream(*this);
}

void ActivityStreams::End(const absl::Status& status) {
  while (!streams_.empty()) (*streams_.begin())->Finish(status);
}

}  // namespace warmup
