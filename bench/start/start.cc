// How small the daemon is when it does nothing, how soon it answers after
// exec, and what its metrics page costs it and the calls beside.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/support/habits.h"
#include "bench/support/process.h"
#include "bench/support/raw_client.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"
#include "bench/support/warmupd.h"

namespace warmup::bench {
namespace {

constexpr int kModels = 1'000;
constexpr int kPeople = 50;
constexpr int kRounds = 11;
constexpr char kEcho[] = "/warmup.bench.EchoService/Echo";
constexpr char kMetrics[] = "/warmup.v1.WarmupService/GetWarmupMetrics";

std::vector<std::string> EchoCommand(const std::string& build,
                                     const std::string& socket) {
  return {build + "/bench/echo/bench_echo_server", socket, "400"};
}

// From the start of a server to its first answer.
double FirstAnswerMs(const std::string& socket, const char* method,
                     const std::function<void()>& start) {
  unlink(socket.c_str());
  const double begin = MonotonicSeconds();
  start();
  AwaitListener(socket);
  RawClient(socket, method, "").CallUs();
  return 1e3 * (MonotonicSeconds() - begin);
}

void CompareStart(const std::string& build, const std::string& folder,
                  Warmupd& warmupd) {
  const std::string echo_socket = folder + "/echo.sock";
  std::unique_ptr<Process> echo;
  std::vector<double> ours_ms, bare_ms, ours_mb, bare_mb;
  for (int round = 0; round < kRounds; ++round) {
    echo.reset();
    bare_ms.push_back(FirstAnswerMs(echo_socket, kEcho, [&] {
      echo = std::make_unique<Process>(EchoCommand(build, echo_socket),
                                       folder + "/echo.log");
    }));
    warmupd.Stop();
    ours_ms.push_back(
        FirstAnswerMs(warmupd.socket(), kMetrics, [&] { warmupd.Start(); }));
  }
  // What was begun at the start has ended by now.
  absl::SleepFor(absl::Seconds(3));
  ours_mb.push_back(warmupd.process().RssMb());
  bare_mb.push_back(echo->RssMb());
  Print({.what = absl::StrCat("exec to first answer, ", kModels,
                              " models in the store"),
         .unit = "ms",
         .ours = Median(std::move(ours_ms)),
         .bare = Median(std::move(bare_ms)),
         .aim = {Aim::Kind::kBelow, 60}});
  Print({.what = absl::StrCat("memory (RSS), idle, ", kModels, " models"),
         .unit = "MB",
         .ours = Median(std::move(ours_mb)),
         .bare = Median(std::move(bare_mb)),
         .aim = {Aim::Kind::kBelow, 40}});
}

// GET /metrics: its milliseconds, with `bytes` of the answer.
double ScrapeMs(int port, size_t* bytes) {
  const double start = MonotonicSeconds();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    Fail("cannot connect to the metrics page");
  }
  const std::string request =
      "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
  if (write(fd, request.data(), request.size()) < 0) Fail("cannot ask for it");
  std::vector<char> block(1 << 16);
  *bytes = 0;
  ssize_t got = 0;
  while ((got = read(fd, block.data(), block.size())) > 0) {
    *bytes += static_cast<size_t>(got);
  }
  close(fd);
  return 1e3 * (MonotonicSeconds() - start);
}

void MeasureScrapes(Warmupd& warmupd) {
  const int port = warmupd.MetricsPort();
  size_t bytes = 0;
  std::vector<double> ms;
  for (int i = 0; i < 30; ++i) ms.push_back(ScrapeMs(port, &bytes));
  Say(absl::StrCat("a scrape has ", bytes / 1024, " KiB"));
  Print({.what = absl::StrCat("a scrape of the metrics, ", kModels, " models"),
         .unit = "ms",
         .ours = Median(std::move(ms)),
         .aim = {Aim::Kind::kBelow, 20}});
}

// Ten scrapes a second, and predictions all the while; then the same without.
void CompareLatencyUnderScrapes(Warmupd& warmupd) {
  RawClient client(warmupd.socket(), kPredict,
                   PredictionRequest(SessionName(7)));
  constexpr int kCalls = 3'000;
  const int port = warmupd.MetricsPort();
  std::vector<double> quiet, scraped;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<double> alone = client.CallsUs(kCalls);
    quiet.insert(quiet.end(), alone.begin(), alone.end());
    std::atomic<bool> is_over{false};
    std::thread scraper([&] {
      size_t bytes = 0;
      while (!is_over.load()) {
        ScrapeMs(port, &bytes);
        absl::SleepFor(absl::Milliseconds(100));
      }
    });
    const std::vector<double> beside = client.CallsUs(kCalls);
    scraped.insert(scraped.end(), beside.begin(), beside.end());
    is_over.store(true);
    scraper.join();
  }
  const auto print = [&](const std::string& which, double percent) {
    Print({.what =
               "prediction beside 10 scrapes a second; bare: without, " + which,
           .unit = "us",
           .ours = Percentile(scraped, percent),
           .bare = Percentile(quiet, percent)});
  };
  print("p50", 50);
  print("p99", 99);
  print("slowest", 100);
}

void Run(const std::string& build) {
  const TemporaryFolder folder;
  Warmupd warmupd(build, folder.path());
  warmupd.AddModels(kModels);
  warmupd.AddPeople(kModels, kPeople);
  CompareStart(build, folder.path(), warmupd);
  MeasureScrapes(warmupd);
  CompareLatencyUnderScrapes(warmupd);
  warmupd.process().MustBeAlive();
}

}  // namespace
}  // namespace warmup::bench

int main(int, char** argv) {
  warmup::bench::Run(warmup::bench::BuildFolder(argv[0]));
}
