// One publisher, many subscribers: warmupd's EventService beside nats-server
// with its C client.

#include <nats/nats.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/fanout/grpc_fanout.h"
#include "bench/fanout/nats_fanout.h"
#include "bench/support/process.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"
#include "bench/support/warmupd.h"

namespace warmup::bench {
namespace {

constexpr int kRounds = 5;
constexpr double kSeconds = 2;

// Of each round.
struct Figures {
  std::vector<double> rate;    // deliveries in a second
  std::vector<double> cpu_us;  // of the server, a delivery

  void Measure(Fanout& fanout, const Process& server) {
    const double cpu_before = server.CpuSeconds();
    const double start = MonotonicSeconds();
    rate.push_back(fanout.DeliveriesPerSecond(kSeconds));
    const double seconds = MonotonicSeconds() - start;
    cpu_us.push_back(1e6 * (server.CpuSeconds() - cpu_before) /
                     (rate.back() * seconds));
  }
};

std::string AwaitNats(const std::string& log) {
  const std::string before = "Listening for client connections on ";
  for (int i = 0; i < 500; ++i) {
    const std::string text = ReadFile(log);
    const size_t begin = text.find(before);
    if (begin != std::string::npos && text.find('\n', begin) != text.npos) {
      const size_t from = begin + before.size();
      return "nats://" + text.substr(from, text.find('\n', from) - from);
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  Fail("nats-server does not start");
}

void Compare(int subscribers, Warmupd& warmupd, const Process& nats,
             const std::string& url) {
  Say(absl::StrCat("fan-out to ", subscribers));
  Figures ours, bare;
  {
    GrpcFanout grpc_fanout(warmupd.socket(), subscribers);
    NatsFanout nats_fanout(url, subscribers);
    for (int round = 0; round < kRounds; ++round) {
      bare.Measure(nats_fanout, nats);
      ours.Measure(grpc_fanout, warmupd.process());
      warmupd.process().MustBeAlive();
    }
  }
  const std::string what =
      absl::StrCat("events delivered to ", subscribers, " subscribers");
  Print({.what = what,
         .unit = "/s",
         .ours = Median(std::move(ours.rate)),
         .bare = Median(std::move(bare.rate)),
         .aim = {Aim::Kind::kRatioAtLeast, 1}});
  Print({.what = what + ": the server's processor time for each",
         .unit = "us",
         .ours = Median(std::move(ours.cpu_us)),
         .bare = Median(std::move(bare.cpu_us))});
}

void Run(const std::string& build, const std::string& nats_server) {
  const TemporaryFolder folder;
  Warmupd warmupd(build, folder.path());
  const std::string log = folder.path() + "/nats.log";
  Process nats({nats_server, "-a", "127.0.0.1", "-p", "-1"}, log);
  const std::string url = AwaitNats(log);
  for (const int subscribers : {100, 1'000}) {
    Compare(subscribers, warmupd, nats, url);
  }
}

}  // namespace
}  // namespace warmup::bench

int main(int argc, char** argv) {
  if (argc != 2) warmup::bench::Fail("usage: bench_fanout <nats-server>");
  nats_Open(-1);
  warmup::bench::Run(warmup::bench::BuildFolder(argv[0]), argv[1]);
  nats_Close();
}
