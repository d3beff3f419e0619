#include "server/grpc_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// How long calls may take to end once nothing holds them.
constexpr auto kShutdownTime = std::chrono::seconds(2);
// IDEs behind NAT ping often; the default of 5 min would cut them off.
constexpr int kMinPingIntervalMs = 5'000;

const std::vector<std::string>& ServiceNames() {
  static const std::vector<std::string> names = {
      "grpc.health.v1.Health",   "grpc.reflection.v1alpha.ServerReflection",
      "warmup.v1.DeviceService", "warmup.v1.EngineService",
      "warmup.v1.EventService",  "warmup.v1.ModelService",
      "warmup.v1.WarmupService"};
  return names;
}

absl::Status CannotListen(const std::string& where, std::string_view why) {
  return MakeError(
      absl::StatusCode::kUnavailable, "CANNOT_LISTEN",
      absl::StrCat("cannot listen on ", where, ": ", std::string(why)),
      {{"address", where}});
}

// gRPC would silently take the socket over from a daemon that lives.
absl::Status CheckSocketIsFree(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return absl::OkStatus();
  if (!S_ISSOCK(status.st_mode)) {
    return CannotListen(path, "there is a file that is not a socket");
  }
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return CannotListen(path, std::strerror(errno));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const bool is_alive =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) == 0;
  ::close(fd);
  if (is_alive) return CannotListen(path, "another process listens there");
  return absl::OkStatus();
}

}  // namespace

GrpcServer::GrpcServer(Options options, const Clock& clock,
                       const EventLog& events, RpcMetrics& metrics)
    : options_(std::move(options)),
      queue_(builder_),
      models_(clock, queue_, metrics),
      warmup_(queue_, metrics),
      events_(events, queue_, metrics),
      devices_(queue_, metrics),
      engines_(queue_, metrics),
      health_(queue_, metrics, ServiceNames()),
      reflection_(queue_, metrics, ServiceNames()),
      end_streams_(queue_, [this] { EndStreams(); }) {}

GrpcServer::~GrpcServer() { Shutdown(); }

std::vector<EventSink*> GrpcServer::sinks() {
  return {&models_.sink(), &events_.sink(), &engines_.sink()};
}

absl::Status GrpcServer::Bind() {
  const std::string& path = options_.unix_socket;
  WARMUP_RETURN_IF_ERROR(CheckSocketIsFree(path));
  const std::filesystem::path folder =
      std::filesystem::path(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return CannotListen(path, error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return CannotListen(path, std::strerror(errno));
  }

  const auto credentials = grpc::InsecureServerCredentials();
  int unix_port = 0;
  int tcp_port = 0;
  builder_.AddListeningPort(absl::StrCat("unix:", path), credentials,
                            &unix_port);
  if (!options_.tcp_address.empty()) {
    builder_.AddListeningPort(options_.tcp_address, credentials, &tcp_port);
  }
  // The socket comes into being with the umask: nobody else may connect, not
  // even for a moment.
  const mode_t old_umask = ::umask(0177);
  server_ = builder_.BuildAndStart();
  ::umask(old_umask);
  if (server_ == nullptr) {
    // gRPC does not say which, nor why.
    if (unix_port == 0) return CannotListen(path, "it cannot be bound");
    return CannotListen(options_.tcp_address,
                        "it cannot be bound (is it in use?)");
  }
  addresses_.push_back(absl::StrCat("unix:", path));
  if (!options_.tcp_address.empty()) {
    const size_t colon = options_.tcp_address.rfind(':');
    addresses_.push_back(
        absl::StrCat(options_.tcp_address.substr(0, colon), ":", tcp_port));
  }
  return absl::OkStatus();
}

absl::Status GrpcServer::Start(Runtime& runtime) {
  for (grpc::Service* service :
       {models_.service(), warmup_.service(), events_.service(),
        devices_.service(), engines_.service(), health_.service(),
        reflection_.service()}) {
    builder_.RegisterService(service);
  }
  builder_.SetMaxReceiveMessageSize(limits::kMaxReceiveBytes);
  // Else a second daemon could share our port.
  builder_.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder_.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      kMinPingIntervalMs);
  builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  WARMUP_RETURN_IF_ERROR(Bind());
  models_.Listen(runtime);
  warmup_.Listen(runtime);
  events_.Listen(runtime);
  devices_.Listen(runtime);
  engines_.Listen(runtime);
  health_.Listen();
  reflection_.Listen();
  queue_.Start();
  return absl::OkStatus();
}

void GrpcServer::EndStreams() {
  const absl::Status why = StoppingError();
  health_.StopServing(why);
  models_.EndStreams(why);
  warmup_.EndStreams(why);
  events_.EndStreams(why);
  devices_.EndStreams(why);
  engines_.EndStreams(why);
  reflection_.EndStreams();
  MutexLock lock(mutex_);
  is_drained_ = true;
  drained_.NotifyAll();
}

void GrpcServer::Drain() {
  if (server_ == nullptr) return;  // nothing came in
  queue_.Drain();
  end_streams_.Wake();
  MutexLock lock(mutex_);
  while (!is_drained_) drained_.Wait(mutex_);
}

void GrpcServer::Shutdown() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownTime);
  queue_.Stop();
  server_.reset();
  ::unlink(options_.unix_socket.c_str());
}

}  // namespace warmup
