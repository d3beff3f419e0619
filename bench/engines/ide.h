#ifndef WARMUP_BENCH_ENGINES_IDE_H_
#define WARMUP_BENCH_ENGINES_IDE_H_

#include <memory>
#include <string>

#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::bench {

// A developer's tool that tells warmupd what happens, as the demo's does. A
// call that fails ends the benchmark.
class Ide {
 public:
  explicit Ide(const std::string& socket);
  // Started anew, set to this model.
  void OpenSession(const std::string& model);
  void ReportActivity(const std::string& kind);
  void RecordUsage(const std::string& model);

 private:
  const std::unique_ptr<v1::WarmupService::Stub> stub_;
  std::string session_;
};

// Returns when the daemon knows so many models.
void AwaitModels(const std::string& socket, int count);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_IDE_H_
