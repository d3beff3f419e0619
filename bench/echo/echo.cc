// One call of GetWarmupPrediction beside one of the bare echo: a server of the
// same style that answers as many bytes and does nothing for them.

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <random>
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

constexpr int kModels = 100;
constexpr int kPeople = 50;
constexpr int kRounds = 9;
constexpr int kProbes = 40;

struct Server {
  Process& process;
  RawClient client;
  // Of each round.
  std::vector<double> p50_us{};
  std::vector<double> p99_us{};
  std::vector<double> calls_per_second{};
  std::vector<double> cpu_us{};  // of the server, a call
};

void MeasureLatency(Server& server) {
  constexpr int kCalls = 3'000;
  server.client.CallsUs(300);
  const std::vector<double> us = server.client.CallsUs(kCalls);
  server.p50_us.push_back(Percentile(us, 50));
  server.p99_us.push_back(Percentile(us, 99));
}

void PrintLatency(std::string_view where, Server& ours, Server& bare) {
  const std::string what =
      absl::StrCat("prediction, 1 under way, ", std::string(where));
  Print({.what = what + ": p50",
         .unit = "us",
         .ours = Median(std::move(ours.p50_us)),
         .bare = Median(std::move(bare.p50_us)),
         .aim = {Aim::Kind::kRatioAtMost, 1.3}});
  Print({.what = what + ": p99",
         .unit = "us",
         .ours = Median(std::move(ours.p99_us)),
         .bare = Median(std::move(bare.p99_us))});
  for (Server* server : {&ours, &bare}) {
    server->p50_us.clear();
    server->p99_us.clear();
  }
}

// The client's place changes a call's time by more than the server does, so
// there are figures for both.
void CompareLatency(Server& ours, Server& bare) {
  for (const bool is_one_core : {true, false}) {
    Pin(getpid(), is_one_core ? 0 : 1);
    for (int round = 0; round < kRounds; ++round) {
      MeasureLatency(bare);
      MeasureLatency(ours);
    }
    PrintLatency(
        is_one_core ? "client on the server's core" : "client on another core",
        ours, bare);
  }
}

void CompareThroughput(Server& ours, Server& bare) {
  constexpr int kOutstanding = 64;
  constexpr double kSeconds = 1;
  for (int round = 0; round < kRounds; ++round) {
    for (Server* server : {&bare, &ours}) {
      const double cpu_before = server->process.CpuSeconds();
      const double rate = server->client.CallsPerSecond(kOutstanding, kSeconds);
      const double cpu = server->process.CpuSeconds() - cpu_before;
      server->calls_per_second.push_back(rate);
      server->cpu_us.push_back(1e6 * cpu / (rate * kSeconds));
    }
  }
  Print({.what = absl::StrCat("predictions, ", kOutstanding, " under way"),
         .unit = "/s",
         .ours = Median(std::move(ours.calls_per_second)),
         .bare = Median(std::move(bare.calls_per_second)),
         .aim = {Aim::Kind::kRatioAtLeast, 0.75}});
  Print({.what = "the server's processor time for each of them",
         .unit = "us",
         .ours = Median(std::move(ours.cpu_us)),
         .bare = Median(std::move(bare.cpu_us))});
}

// An IDE's calls: one now and then, to a server that has gone to sleep. Both
// are probed at once, each at its own moments.
void CompareSparse(Server& ours, Server& bare) {
  std::vector<double> ours_ms, bare_ms;
  const auto probe = [](RawClient& client, unsigned seed,
                        std::vector<double>* ms) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> gap(0.4, 1.5);
    for (int i = 0; i < kProbes; ++i) {
      absl::SleepFor(absl::Seconds(gap(random)));
      ms->push_back(client.CallUs() / 1e3);
    }
  };
  std::thread other([&] { probe(bare.client, 1, &bare_ms); });
  probe(ours.client, 2, &ours_ms);
  other.join();
  Print({.what = absl::StrCat("sparse prediction, ", kProbes, " probes: p50"),
         .unit = "ms",
         .ours = Percentile(ours_ms, 50),
         .bare = Percentile(bare_ms, 50)});
  Print({.what = "sparse prediction: p99 (the slowest)",
         .unit = "ms",
         .ours = Percentile(ours_ms, 99),
         .bare = Percentile(bare_ms, 99),
         .aim = {Aim::Kind::kBelow, 2}});
}

void Run(const std::string& build) {
  const TemporaryFolder folder;
  Warmupd warmupd(build, folder.path());
  warmupd.AddModels(kModels);
  warmupd.AddPeople(kModels, kPeople);
  const std::string request = PredictionRequest(SessionName(7));
  Server ours{warmupd.process(),
              RawClient(warmupd.socket(), kPredict, request)};
  ours.client.CallUs();

  const std::string echo_socket = folder.path() + "/echo.sock";
  Process echo({build + "/bench/echo/bench_echo_server", echo_socket,
                absl::StrCat(ours.client.response_bytes())},
               folder.path() + "/echo.log");
  AwaitListener(echo_socket);
  // A BytesValue of the same size: its tag and length take three bytes.
  const size_t payload = request.size() - 3;
  const std::string echo_request =
      absl::StrCat("\x0a",
                   std::string({static_cast<char>(payload % 128 + 128),
                                static_cast<char>(payload / 128)}),
                   std::string(payload, 'x'));
  Server bare{echo, RawClient(echo_socket, "/warmup.bench.EchoService/Echo",
                              echo_request)};
  bare.client.CallUs();
  Say(absl::StrCat("calls: ", request.size(), " B asked, ",
                   ours.client.response_bytes(), " B answered, ", kModels,
                   " models, ", kPeople, " sessions"));

  CompareSparse(ours, bare);
  Pin(ours.process.pid(), 0);
  Pin(bare.process.pid(), 0);
  CompareLatency(ours, bare);
  Pin(getpid(), 1);
  CompareThroughput(ours, bare);
  ours.process.MustBeAlive();
}

}  // namespace
}  // namespace warmup::bench

int main(int, char** argv) {
  warmup::bench::Run(warmup::bench::BuildFolder(argv[0]));
}
