// How a real daemon stops, reloads, and takes turns with others.

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/integration/scrape.h"
#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

using grpc::StatusCode;

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

TEST_CASE("Daemon: SIGTERM answers everybody, then it ends as it should") {
  ServedDaemon served(
      {"policy.predictive_preloading=false", "memory.budget_mib=1000000"});
  served.Register("kept");
  served.RegisterSlow("slow");
  auto subscriber = served.client.Open(&Events::Subscribe);
  auto watch = served.client.Open(&Models::WatchModels);
  auto health = served.client.Open(&Health::Watch);
  REQUIRE(health.Next().has_value());
  Answer<v1::LoadModelResponse> answer;
  std::thread caller([&] { answer = served.Load("slow"); });
  const bool is_waiting =
      Eventually([&] { return served.Get("slow").waiter_count() == 1; });

  served.daemon.Signal(SIGTERM);
  caller.join();
  CHECK(is_waiting);
  CheckError(answer.status, StatusCode::UNAVAILABLE, "STOPPING");
  CheckError(subscriber.Finish(), StatusCode::UNAVAILABLE, "STOPPING");
  CheckError(watch.Finish(), StatusCode::UNAVAILABLE, "STOPPING");
  const auto last = health.Next();
  REQUIRE(last.has_value());
  CHECK(last->status() == grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  CheckError(health.Finish(), StatusCode::UNAVAILABLE, "STOPPING");
  CHECK(served.daemon.WaitForExit() == 0);
  CHECK_FALSE(std::filesystem::exists(served.home.socket_path()));
  CHECK_THAT(served.daemon.Log(), Catch::Contains("stopping"));
  CHECK_THAT(served.daemon.LogLines().back(), Catch::EndsWith("stopped"));

  DaemonProcess again = served.home.Start();
  Client client(served.home.address());
  client.Ask(&Models::GetModel, "model_id: 'kept'").Must();
  again.Signal(SIGINT);
  CHECK(again.WaitForExit() == 0);
}

TEST_CASE(
    "Daemon: SIGHUP takes up what is new, and keeps the old if it is bad") {
  const DaemonHome home;
  const std::string config = home.File("warmupd.yaml");
  const std::string fixed = "memory: {reserve_mib: 1}\n";
  WriteFile(config, fixed + "policy: {max_concurrent_loads: 2}\n");
  DaemonProcess::Options options =
      home.Options({"metrics.address=127.0.0.1:0"});
  options.arguments.insert(options.arguments.end(), {"--config", config});
  DaemonProcess daemon(options);
  home.AwaitReady(daemon);
  const int port = MetricsPort(daemon);
  Client client(home.address());
  const auto loads = [&] {
    return client.Ask(&Models::GetSwitchingPolicy)
        .Must()
        .policy()
        .max_concurrent_loads();
  };
  const std::string metric = "warmup_config_last_reload_successful ";
  CHECK(loads() == 2);
  CHECK(PageComesToHold(port, metric + "1"));

  WriteFile(config, fixed + "policy: {max_concurrent_loads: 3}\n");
  daemon.Signal(SIGHUP);
  CHECK(Eventually([&] { return loads() == 3; }));
  CHECK(daemon.WaitForLog("configuration read"));

  WriteFile(config, fixed + "policy:\n  max_concurrent_load: 4\n");
  daemon.Signal(SIGHUP);
  CHECK(PageComesToHold(port, metric + "0"));
  CHECK(daemon.WaitForLog("configuration refused, the old one stays"));
  CHECK_THAT(daemon.Log(), Catch::Contains(config + ":3:3: "));
  CHECK(loads() == 3);

  std::filesystem::remove(config);
  daemon.Signal(SIGHUP);
  CHECK(daemon.WaitForLog("cannot read the configuration"));
  CHECK(loads() == 3);

  WriteFile(config, fixed + "policy: {max_concurrent_loads: 5}\n");
  daemon.Signal(SIGHUP);
  CHECK(PageComesToHold(port, metric + "1"));
  CHECK(Eventually([&] { return loads() == 5; }));
  CHECK(daemon.Stop() == 0);
}

TEST_CASE("Daemon: finds the models under its roots, at the start and on HUP") {
  const DaemonHome home;
  std::filesystem::create_directories(home.File("models"));
  home.MakeModel("models/first.bin", kMib);
  DaemonProcess daemon =
      home.Start({"engines.files.roots=[" + home.File("models") + "]"});
  Client client(home.address());
  const auto count = [&] {
    return client.Ask(&Warmup::GetWarmupMetrics).Must().model_count();
  };
  CHECK(Eventually([&] { return count() > 0; }));
  const double before = count();
  std::filesystem::create_directories(home.File("models/second"));
  home.MakeModel("models/second/weights.bin", kMib);
  daemon.Signal(SIGHUP);
  CHECK(Eventually([&] { return count() > before; }));
}

// Starts a daemon that cannot live; its one line.
std::string Refusal(const DaemonProcess::Options& options, int exit_code) {
  DaemonProcess daemon(options);
  CHECK(daemon.WaitForExit() == exit_code);
  INFO(daemon.Log());
  const std::vector<std::string> lines = daemon.LogLines();
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Catch::StartsWith("warmupd: "));
  return lines[0];
}

TEST_CASE("Daemon: two on one store is one too many") {
  ServedDaemon served;
  const DaemonHome other;
  const std::string line =
      Refusal(other.Options({"store.path=" + served.home.store_path()}), 1);
  CHECK_THAT(line, Catch::Contains(served.home.store_path()));
  CHECK_THAT(line, Catch::Contains("in use by process " +
                                   std::to_string(served.daemon.pid())));
  CHECK_FALSE(std::filesystem::exists(other.socket_path()));
  served.client.Ask(&Health::Check).Must();
}

TEST_CASE("Daemon: a socket that somebody listens on is not taken") {
  ServedDaemon served;
  const DaemonHome other;
  const std::string line =
      Refusal(other.Options({"listen.unix_socket=" + served.home.socket_path(),
                             "metrics.address=127.0.0.1:0"}),
              1);
  CHECK_THAT(line, Catch::Contains(served.home.socket_path()));
  CHECK_THAT(line, Catch::Contains("another process listens there"));
  served.client.Ask(&Health::Check).Must();
  Client(served.home.address()).Ask(&Health::Check).Must();
}

TEST_CASE("Daemon: a file that is no socket is not taken for one") {
  const DaemonHome home;
  WriteFile(home.socket_path(), "precious");
  CHECK_THAT(Refusal(home.Options(), 1),
             Catch::Contains("a file that is not a socket"));
  CHECK(std::filesystem::file_size(home.socket_path()) == 8);
}

// The TCP address a daemon says that it listens on.
std::string TcpAddress(const DaemonProcess& daemon) {
  const std::string start = "listening address=127.0.0.1:";
  REQUIRE(daemon.WaitForLog(start));
  const std::string log = daemon.Log();
  const size_t at = log.find(start) + start.size() - 10;
  return log.substr(at, log.find('\n', at) - at);
}

TEST_CASE("Daemon: serves TCP where it is told to") {
  const DaemonHome home;
  DaemonProcess daemon = home.Start({"listen.tcp_address=127.0.0.1:0"});
  Client client(TcpAddress(daemon));
  client.Ask(&Health::Check).Must();
  client.Ask(&Warmup::GetWarmupPrediction).Must();
}

TEST_CASE("Daemon: a TCP port in use is not shared") {
  const DaemonHome home;
  DaemonProcess daemon = home.Start({"listen.tcp_address=127.0.0.1:0"});
  const std::string address = TcpAddress(daemon);
  const DaemonHome other;
  const std::string line =
      Refusal(other.Options({"listen.tcp_address=" + address}), 1);
  CHECK_THAT(line, Catch::Contains("cannot listen on " + address));
  CHECK_FALSE(std::filesystem::exists(other.socket_path()));
}

TEST_CASE("Daemon: a metrics port in use is not shared") {
  ServedDaemon served({"metrics.address=127.0.0.1:0"});
  const std::string address =
      "127.0.0.1:" + std::to_string(MetricsPort(served.daemon));
  const DaemonHome other;
  CHECK_THAT(Refusal(other.Options({"metrics.address=" + address}), 1),
             Catch::Contains("cannot serve metrics on " + address));
}

TEST_CASE("Daemon: a configuration that cannot be is one line, and exit 2") {
  const DaemonHome home;
  const std::string config = home.File("warmupd.yaml");
  const auto refusal = [&](const std::vector<std::string>& arguments) {
    DaemonProcess::Options options = home.Options();
    options.arguments.insert(options.arguments.end(), arguments.begin(),
                             arguments.end());
    return Refusal(options, 2);
  };
  CHECK_THAT(refusal({"--config", config}),
             Catch::Contains("cannot read the configuration '" + config));
  CHECK_THAT(refusal({"--config", home.File(".")}),
             Catch::Contains("Is a directory"));
  WriteFile(config, "log:\n  level: info\n  colour: red\n");
  CHECK_THAT(refusal({"--config", config}),
             Catch::Contains(config + ":3:3: log.colour: "));
  WriteFile(config, "{");
  CHECK_THAT(refusal({"--config", config}), Catch::Contains(config + ":"));
  CHECK_THAT(refusal({"--set", "listen.tcp_address=0.0.0.0:1"}),
             Catch::Contains("listen.tcp_address"));
  CHECK_THAT(refusal({"--set", "log.level=loud"}),
             Catch::Contains("log.level"));
  CHECK_THAT(refusal({"--set", "policy.max_concurrent_loads=0"}),
             Catch::Contains("max_concurrent_loads"));
}

TEST_CASE("Daemon: a store that cannot be opened is one line, and exit 1") {
  const DaemonHome home;
  WriteFile(home.File("file"), "");
  CHECK_THAT(Refusal(home.Options({"store.path=" + home.File("file/db")}), 1),
             Catch::Contains(home.File("file")));
}

TEST_CASE("Daemon: checks and prints its configuration without serving") {
  const DaemonHome home;
  const auto run = [&](const std::vector<std::string>& arguments) {
    DaemonProcess::Options options = home.Options();
    options.arguments.insert(options.arguments.end(), arguments.begin(),
                             arguments.end());
    DaemonProcess daemon(options);
    CHECK(daemon.WaitForExit() == 0);
    return daemon.Log();
  };
  CHECK_THAT(run({"--check-config"}), Catch::Contains("is right"));
  const std::string printed = run({"--print-config"});
  CHECK_THAT(printed, Catch::Contains("unix_socket: " + home.socket_path()));
  CHECK_FALSE(std::filesystem::exists(home.socket_path()));
  CHECK_FALSE(std::filesystem::exists(home.store_path()));
  // What it prints is a configuration.
  const std::string file = home.File("printed.yaml");
  WriteFile(file, printed);
  CHECK(run({"--config", file, "--print-config"}) == printed);
  CHECK_THAT(run({"--version"}), Catch::StartsWith("warmupd "));
}

TEST_CASE("Daemon: the environment configures it, a flag is stronger") {
  const DaemonHome home;
  DaemonProcess::Options options = home.Options({"log.level=error"});
  options.environment = {{"WARMUPD_LOG_LEVEL", "debug"},
                         {"WARMUPD_POLICY_MAX_CONCURRENT_LOADS", "7"}};
  DaemonProcess daemon(options);
  home.AwaitReady(daemon);
  CHECK(Client(home.address())
            .Ask(&Models::GetSwitchingPolicy)
            .Must()
            .policy()
            .max_concurrent_loads() == 7);
  CHECK(daemon.Stop() == 0);
  CHECK(daemon.LogLines().empty());
}

TEST_CASE("Daemon: the socket that a killed one left is taken over") {
  const DaemonHome home;
  for (int i = 0; i < 2; ++i) {
    DaemonProcess daemon = home.Start();
    daemon.Kill();
    CHECK(std::filesystem::exists(home.socket_path()));
  }
  DaemonProcess daemon = home.Start();
  CHECK(daemon.Stop() == 0);
}

// The socket systemd would listen on.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) == 0);
  }
  ~NotifySocket() { close(fd_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  std::string Receive() {
    pollfd ready = {fd_, POLLIN, 0};
    if (poll(&ready, 1,
             static_cast<int>(absl::ToInt64Milliseconds(kPatience))) != 1) {
      return "nothing";
    }
    char text[256];
    const ssize_t size = recv(fd_, text, sizeof(text), 0);
    return size < 0 ? "nothing" : std::string(text, static_cast<size_t>(size));
  }

 private:
  const int fd_;
};

TEST_CASE("Daemon: tells systemd when it is ready and when it stops") {
  const DaemonHome home;
  const TempFolder folder;
  NotifySocket systemd(folder.File("notify"));
  DaemonProcess::Options options = home.Options();
  options.environment["NOTIFY_SOCKET"] = folder.File("notify");
  DaemonProcess daemon(options);
  CHECK(systemd.Receive() == "READY=1");
  // Ready means that it answers, at once.
  Client(home.address()).Ask(&Health::Check).Must();
  daemon.Signal(SIGTERM);
  CHECK(systemd.Receive() == "STOPPING=1");
  CHECK(daemon.WaitForExit() == 0);
}

}  // namespace
}  // namespace warmup
