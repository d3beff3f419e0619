#include "server/event_service.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "server/convert.h"
#include "server/unary_call.h"

namespace warmup {
namespace {

constexpr char kService[] = "warmup.v1.EventService";
// How long streams are looked at before other calls get their turn.
constexpr std::chrono::milliseconds kMaxTurn(1);

// Takes the bytes over without copying them.
grpc::ByteBuffer ToBuffer(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(),
      [](void* p) { delete static_cast<std::string*>(p); }, owned);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

std::string EncodeEvent(const Event& event) {
  v1::SubscribeResponse response;
  SetEvent(event, response.add_events());
  return response.SerializeAsString();
}

class EventServer::Subscriber final
    : public StreamCall<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit Subscriber(EventServer& server)
      : StreamCall(
            server.subscribe_metrics_,
            [&server](auto* context, auto* request, auto* writer, void* tag) {
              server.service_.RequestSubscribe(context, request, writer,
                                               server.queue_.queue(),
                                               server.queue_.queue(), tag);
            }),
        server_(server) {}

  // Writes what there is, or waits for more.
  void WriteSome() {
    if (!CanWrite()) return;  // its end is under way
    const uint64_t from = cursor_;
    const EventLog::Batch batch =
        server_.log_.Read(from, filter_, limits::kMaxEventBatchBytes);
    cursor_ = batch.next_sequence;
    if (batch.count == 0 && batch.lost == 0) {
      server_.waiting_.push_back(this);
      return;
    }
    if (batch.lost == 0) {
      Write(ToBuffer(batch.bytes));
      return;
    }
    v1::SubscribeResponse gap;
    gap.mutable_gap()->set_lost_count(batch.lost);
    gap.mutable_gap()->set_next_sequence(from + batch.lost);
    Write(ToBuffer(absl::StrCat(gap.SerializeAsString(), batch.bytes)));
  }

 private:
  void OnStarted() override {
    new Subscriber(server_);  // the next call
    if (const absl::Status status = Start(); !status.ok()) {
      Finish(status);
      return;
    }
    WriteSome();
  }

  absl::Status Start() {
    if (server_.queue_.is_draining()) return StoppingError();
    if (server_.subscribers_.size() >= limits::kMaxSubscribers) {
      return MakeError(absl::StatusCode::kResourceExhausted,
                       "TOO_MANY_SUBSCRIBERS",
                       absl::StrCat("the limit of ", limits::kMaxSubscribers,
                                    " subscribers is reached"),
                       {{"limit", "kMaxSubscribers"}});
    }
    grpc::ByteBuffer bytes = request();
    v1::SubscribeRequest wanted;
    if (!grpc::SerializationTraits<v1::SubscribeRequest>::Deserialize(&bytes,
                                                                      &wanted)
             .ok()) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_MESSAGE",
                       "not a SubscribeRequest");
    }
    WARMUP_ASSIGN_OR_RETURN(filter_, ReadFilter(wanted.filter()));
    // First: what comes after the sequence that is read now wakes this.
    server_.subscribers_.insert(this);
    server_.sink_.SetHasStreams(true);
    const uint64_t next = server_.log_.next_sequence();
    cursor_ = next;
    if (!wanted.has_from_sequence()) return absl::OkStatus();
    cursor_ = std::max<uint64_t>(wanted.from_sequence(), 1);
    if (cursor_ <= next) return absl::OkStatus();
    return MakeError(
        absl::StatusCode::kOutOfRange, "SEQUENCE_AHEAD",
        absl::StrCat("from_sequence: ", cursor_, " is beyond the next one, ",
                     next,
                     "; the daemon was restarted since: read "
                     "GetRecentEvents and subscribe anew"),
        {{"field", "from_sequence"}, {"next_sequence", std::to_string(next)}});
  }

  // What has come meanwhile waits for the next round, so that it is more than
  // one event when events come fast.
  void OnWritten() override {
    server_.waiting_.push_back(this);
    if (cursor_ == server_.log_.next_sequence()) return;
    server_.is_someone_behind_ = true;
    server_.wake_.Wake();
  }

  void OnClosed() override {
    server_.subscribers_.erase(this);
    server_.sink_.SetHasStreams(!server_.subscribers_.empty());
    std::erase(server_.waiting_, this);
    std::erase(server_.ready_, this);
  }

  EventServer& server_;
  EventFilter filter_;
  uint64_t cursor_ = 0;
};

EventServer::EventServer(const EventLog& log, CallQueue& queue,
                         RpcMetrics& metrics)
    : log_(log),
      queue_(queue),
      metrics_(metrics),
      subscribe_metrics_(metrics.Add(kService, "Subscribe", "server_stream")),
      wake_(queue, [this] { OnNewEvents(); }),
      sink_(wake_) {}

// A round looks at every stream once, whatever the number of events since the
// last one. It is cut into turns, and after each of them the other calls have
// at least as much time: publishers go on, and what they publish meanwhile is
// one batch. So under load the size of the batches grows by itself.
void EventServer::OnNewEvents() {
  using Steady = std::chrono::steady_clock;
  const Steady::time_point begin = Steady::now();
  if (begin < next_turn_) {
    wake_.WakeAfter(next_turn_ - begin);
    return;
  }
  const auto has_news = [this] {
    return is_someone_behind_ || log_.next_sequence() != seen_sequence_;
  };
  if (ready_.empty() && has_news()) {
    seen_sequence_ = log_.next_sequence();
    is_someone_behind_ = false;
    ready_.swap(waiting_);
  }
  Steady::time_point end = begin;
  while (!ready_.empty() && end - begin < kMaxTurn) {
    Subscriber* subscriber = ready_.front();
    ready_.pop_front();
    subscriber->WriteSome();
    end = Steady::now();
  }
  next_turn_ = end + (end - begin);
  if (!ready_.empty() || has_news()) wake_.WakeAfter(next_turn_ - end);
}

void EventServer::EndStreams(const absl::Status& status) {
  for (Subscriber* subscriber : subscribers_) subscriber->Finish(status);
}

void EventServer::Listen(Runtime& runtime) {
  runtime_ = &runtime;
  ListenUnary();
  new Subscriber(*this);
}

void EventServer::ListenUnary() {
  Runtime& runtime = *runtime_;
  ServeUnary(service_, &AsyncService::RequestPublish, queue_,
             metrics_.Add(kService, "Publish", "unary"),
             [&runtime](auto* call) {
               absl::StatusOr<Event> event = ReadEvent(call->request().event());
               if (!event.ok()) {
                 call->Answer(event.status());
                 return;
               }
               runtime.Publish(*std::move(event),
                               [call](const absl::StatusOr<Event>& published) {
                                 if (!published.ok()) {
                                   call->Answer(published.status());
                                   return;
                                 }
                                 v1::PublishResponse response;
                                 SetEvent(*published, response.mutable_event());
                                 call->Answer(std::move(response));
                               });
             });
  ServeUnary(
      service_, &AsyncService::RequestGetRecentEvents, queue_,
      metrics_.Add(kService, "GetRecentEvents", "unary"),
      AtOnce([this](const v1::GetRecentEventsRequest& request)
                 -> absl::StatusOr<v1::GetRecentEventsResponse> {
        WARMUP_ASSIGN_OR_RETURN(const int count,
                                ReadPageSize("max_count", request.max_count()));
        WARMUP_ASSIGN_OR_RETURN(const EventFilter filter,
                                ReadFilter(request.filter()));
        v1::GetRecentEventsResponse response;
        size_t bytes = 0;
        const std::vector<Event> events =
            log_.Recent(filter, static_cast<size_t>(count));
        for (const Event& event : events) {
          SetEvent(event, response.add_events());
        }
        // The newest count: what does not fit one message goes first.
        int first = response.events_size();
        while (first > 0) {
          bytes += response.events(first - 1).ByteSizeLong() + 8;
          if (bytes > static_cast<size_t>(limits::kMaxReceiveBytes) * 3 / 4) {
            break;
          }
          --first;
        }
        response.mutable_events()->DeleteSubrange(0, first);
        return response;
      }));
}

}  // namespace warmup
