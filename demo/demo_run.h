#ifndef WARMUP_DEMO_DEMO_RUN_H_
#define WARMUP_DEMO_DEMO_RUN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "demo/board.h"
#include "demo/daemon.h"
#include "demo/model_files.h"
#include "demo/player.h"
#include "demo/summary.h"
#include "demo/trace.h"

namespace warmup::demo {

// One replay of the trace against a daemon of its own: with the files cold, an
// empty store, and nothing learned. Use: Start, Play, Figures; the daemon
// lives as long as this.
class DemoRun {
 public:
  struct Options {
    std::string warmupd;  // path of the program
    std::string folder;   // for socket, store and log; made by Start
    bool is_predicting = false;
    int64_t budget_bytes = 0;
    std::vector<ModelFile> files;
    std::function<bool()> is_stopped;
  };

  explicit DemoRun(Options options);

  // Starts the daemon, registers the models, and drops their files from the
  // page cache. FAILED_PRECONDITION if they stay in it.
  absl::Status Start();
  // Replays, keeping `board` up to date.
  absl::Status Play(const Trace& trace, SharedBoard& board,
                    Player::OnRequest on_request);
  absl::StatusOr<RunFigures> Figures();
  absl::Status Stop();

  const std::string& socket() const { return socket_; }
  const std::string& metrics_url() const { return metrics_url_; }

 private:
  absl::Status WaitUntilServing();
  absl::Status Register();
  absl::Status MakeCold();
  absl::StatusOr<RunFigures> Count();
  absl::Status WaitForShadows();

  const Options options_;
  const std::string socket_;
  std::string metrics_url_;
  std::unique_ptr<Daemon> daemon_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_DEMO_RUN_H_
