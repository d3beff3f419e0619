#ifndef WARMUP_BENCH_SUPPORT_WARMUPD_H_
#define WARMUP_BENCH_SUPPORT_WARMUPD_H_

#include <memory>
#include <string>
#include <vector>

#include "bench/support/process.h"

namespace warmup::bench {

// The daemon of this build, with its socket, store and log in one folder.
class Warmupd {
 public:
  // Returns when it listens. `settings`: "field=value" of its configuration,
  // beside where it listens and keeps its things.
  Warmupd(const std::string& build, const std::string& folder,
          std::vector<std::string> settings = {"memory.budget_mib=4096"});

  const std::string& socket() const { return socket_; }
  Process& process() { return *process_; }
  // The port of its metrics page.
  int MetricsPort() const;

  // Stops it in order: all of its store is written.
  void Stop();
  // Starts it anew, without waiting for anything.
  void Start();

  // Registers models, each a tiny file of its own.
  void AddModels(int count);
  // Opens sessions, each a user's, with a chat and a completion role, and
  // reports a hundred uses for each of them in the hour before now.
  void AddPeople(int models, int count);

 private:
  std::vector<std::string> Command() const;

  const std::string build_;
  const std::string folder_;
  const std::string socket_;
  const std::vector<std::string> settings_;
  std::unique_ptr<Process> process_;
};

// What an IDE asks when its chat panel opens: about 200 bytes.
std::string PredictionRequest(const std::string& session);
inline constexpr char kPredict[] =
    "/warmup.v1.WarmupService/GetWarmupPrediction";

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_SUPPORT_WARMUPD_H_
