#include "bench/support/raw_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"

namespace warmup::bench {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

struct RawClient::Call {
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
};

RawClient::RawClient(const std::string& socket, std::string method,
                     const std::string& request)
    : channel_(NewChannel(socket)),
      stub_(channel_),
      method_(std::move(method)),
      request_(ToBuffer(request)) {}

void RawClient::Start(Call* call) {
  call->context.emplace();
  call->response.Clear();
  call->reader =
      stub_.PrepareUnaryCall(&*call->context, method_, request_, &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, call);
}

double RawClient::CallUs() {
  Call call;
  const double start = MonotonicSeconds();
  Start(&call);
  void* tag = nullptr;
  bool ok = false;
  queue_.Next(&tag, &ok);
  const double seconds = MonotonicSeconds() - start;
  if (!call.status.ok()) {
    Fail(absl::StrCat(method_, ": ", call.status.error_message()));
  }
  response_bytes_ = call.response.Length();
  return 1e6 * seconds;
}

std::vector<double> RawClient::CallsUs(int count) {
  std::vector<double> all;
  all.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) all.push_back(CallUs());
  return all;
}

double RawClient::CallsPerSecond(int outstanding, double seconds) {
  std::vector<Call> calls(static_cast<size_t>(outstanding));
  for (Call& call : calls) Start(&call);
  const double start = MonotonicSeconds();
  double now = start;
  int64_t answered = 0;
  for (int under_way = outstanding; under_way > 0;) {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    auto* call = static_cast<Call*>(tag);
    if (!call->status.ok()) {
      Fail(absl::StrCat(method_, ": ", call->status.error_message()));
    }
    // A look at the clock costs little beside a call.
    now = MonotonicSeconds();
    if (now - start < seconds) {
      ++answered;
      Start(call);
    } else {
      --under_way;
    }
  }
  return static_cast<double>(answered) / seconds;
}

std::shared_ptr<grpc::Channel> NewChannel(const std::string& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(
      "unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

void AwaitListener(const std::string& socket) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof(address.sun_path)) {
    Fail(absl::StrCat("too long for a socket: ", socket));
  }
  std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
  const double start = MonotonicSeconds();
  while (MonotonicSeconds() - start < 30) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address),
                               sizeof(address));
    close(fd);
    if (result == 0) return;
    usleep(100);
  }
  Fail(absl::StrCat("nobody listens on ", socket));
}

}  // namespace warmup::bench
