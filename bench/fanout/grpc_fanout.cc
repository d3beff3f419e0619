#include "bench/fanout/grpc_fanout.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/support/raw_client.h"
#include "bench/support/table.h"
#include "warmup/v1/event.grpc.pb.h"

namespace warmup::bench {
namespace {

constexpr size_t kMaxPublishes = 256;
constexpr char kPublish[] = "/warmup.v1.EventService/Publish";
constexpr char kSubscribe[] = "/warmup.v1.EventService/Subscribe";

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// Reads a message that lies in several slices.
class Walker {
 public:
  explicit Walker(const grpc::ByteBuffer& buffer) { buffer.Dump(&slices_); }

  bool AtEnd() {
    while (slice_ < slices_.size() && at_ >= slices_[slice_].size()) {
      at_ -= slices_[slice_++].size();
    }
    return slice_ == slices_.size();
  }
  uint8_t Byte() { return AtEnd() ? 0 : slices_[slice_].begin()[at_++]; }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  void Skip(uint64_t bytes) { at_ += bytes; }

 private:
  std::vector<grpc::Slice> slices_;
  size_t slice_ = 0;
  size_t at_ = 0;  // in the slice, or behind it
};

// The entries of SubscribeResponse.events.
int64_t CountEvents(const grpc::ByteBuffer& response) {
  constexpr uint8_t kEventsTag = 1 << 3 | 2;
  int64_t events = 0;
  for (Walker walker(response); !walker.AtEnd();) {
    if (walker.Byte() != kEventsTag) Fail("a subscriber was too slow");
    walker.Skip(walker.Varint());
    ++events;
  }
  return events;
}

}  // namespace

// A tag of `reads_`: the next step of its stream.
class GrpcFanout::Subscriber {
 public:
  Subscriber(grpc::GenericStub* stub, grpc::CompletionQueue* queue)
      : stream_(stub->PrepareCall(&context_, kSubscribe, queue)) {
    stream_->StartCall(this);
  }

  // False at the end of the stream.
  bool Proceed(bool ok, GrpcFanout* fanout) {
    if (is_ended_) {
      if (!is_cancelled_) {
        Fail(absl::StrCat("Subscribe: ", status_.error_message()));
      }
      return false;
    }
    if (!ok) {
      is_ended_ = true;
      stream_->Finish(&status_, this);
      return true;
    }
    switch (step_++) {
      case 0:
        stream_->WriteLast(ToBuffer(""), grpc::WriteOptions(), this);
        return true;
      case 1:
        break;
      default:
        fanout->Delivered(CountEvents(response_));
    }
    stream_->Read(&response_, this);
    return true;
  }

  void Cancel() {
    is_cancelled_ = true;
    context_.TryCancel();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer response_;
  int64_t step_ = 0;
  bool is_ended_ = false;
  grpc::Status status_;
  std::atomic<bool> is_cancelled_{false};
};

struct GrpcFanout::Call {
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
};

GrpcFanout::GrpcFanout(const std::string& socket, int subscribers)
    : Fanout(subscribers),
      publisher_(std::make_unique<grpc::GenericStub>(NewChannel(socket))) {
  for (int i = 0; i < kConnections; ++i) {
    stubs_.push_back(std::make_unique<grpc::GenericStub>(NewChannel(socket)));
  }
  for (int i = 0; i < subscribers; ++i) {
    streams_.push_back(std::make_unique<Subscriber>(
        stubs_[static_cast<size_t>(i % kConnections)].get(), &reads_));
  }
  reader_ = std::thread([this] { Read(); });

  // What the daemon adds to an event counts too.
  constexpr int kSomeBytes = 100;
  event_ = ToBuffer(RequestOf(kSomeBytes));
  const auto service = v1::EventService::NewStub(NewChannel(socket));
  grpc::ClientContext context;
  v1::PublishRequest request;
  request.ParseFromString(RequestOf(kSomeBytes));
  v1::PublishResponse response;
  const grpc::Status status = service->Publish(&context, request, &response);
  if (!status.ok()) Fail(absl::StrCat("Publish: ", status.error_message()));
  const int extra = static_cast<int>(response.event().ByteSizeLong());
  event_ = ToBuffer(RequestOf(kSomeBytes + kEventBytes - extra));
}

GrpcFanout::~GrpcFanout() {
  while (under_way_ > 0) Flush();
  for (const auto& stream : streams_) stream->Cancel();
  reader_.join();
}

std::string GrpcFanout::RequestOf(int data_bytes) {
  v1::PublishRequest request;
  v1::Event& event = *request.mutable_event();
  event.set_event_type("bench_tick");
  event.set_source("bench");
  event.set_data_json(absl::StrCat(
      "\"", std::string(static_cast<size_t>(data_bytes) - 2, 'x'), "\""));
  return request.SerializeAsString();
}

void GrpcFanout::Read() {
  void* tag = nullptr;
  bool ok = false;
  for (size_t left = streams_.size(); left > 0 && reads_.Next(&tag, &ok);) {
    if (!static_cast<Subscriber*>(tag)->Proceed(ok, this)) --left;
  }
}

void GrpcFanout::Publish() {
  while (under_way_ >= kMaxPublishes) Flush();
  std::unique_ptr<Call> call;
  if (idle_.empty()) {
    call = std::make_unique<Call>();
  } else {
    call = std::move(idle_.back());
    idle_.pop_back();
  }
  call->context.emplace();
  call->response.Clear();
  call->reader = publisher_->PrepareUnaryCall(&*call->context, kPublish, event_,
                                              &publishes_);
  call->reader->StartCall();
  Call* const tag = call.release();
  tag->reader->Finish(&tag->response, &tag->status, tag);
  ++under_way_;
}

void GrpcFanout::Flush() {
  void* tag = nullptr;
  bool ok = false;
  const auto deadline =
      std::chrono::system_clock::now() + std::chrono::milliseconds(1);
  if (publishes_.AsyncNext(&tag, &ok, deadline) !=
      grpc::CompletionQueue::GOT_EVENT) {
    return;
  }
  std::unique_ptr<Call> call(static_cast<Call*>(tag));
  if (!call->status.ok()) {
    Fail(absl::StrCat("Publish: ", call->status.error_message()));
  }
  --under_way_;
  idle_.push_back(std::move(call));
}

}  // namespace warmup::bench
