#ifndef WARMUP_DEMO_PLAYER_H_
#define WARMUP_DEMO_PLAYER_H_

#include <grpcpp/channel.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "demo/board.h"
#include "demo/trace.h"

namespace warmup::demo {

// The developer of the recording: does again what he did, through the API, and
// waits when a model is not there. Every figure on the board is the daemon's
// answer. One thread.
class Player {
 public:
  // Told of each request that was answered.
  using OnRequest = std::function<void(const RequestRow& row)>;

  // `board` outlives the player. `is_stopped` is asked often.
  Player(const std::shared_ptr<grpc::Channel>& channel, SharedBoard& board,
         std::function<bool()> is_stopped, OnRequest on_request);
  ~Player();

  // CANCELLED if stopped; else the first call that should not have failed.
  absl::Status Play(const Trace& trace);

 private:
  struct Stubs;

  absl::Status Request(const Step& step);
  absl::Status RecordUsage(const std::string& model);
  absl::Status OpenSession(const Step& step);
  absl::Status ReportActivity(const Step& step);
  absl::Status AskForecast();
  absl::Status Pause(absl::Duration gap) const;

  const std::unique_ptr<Stubs> stubs_;
  SharedBoard& board_;
  const std::function<bool()> is_stopped_;
  const OnRequest on_request_;
  std::string session_;
  // Models of the newest forecast by their place in it, from 1.
  std::map<std::string, int> forecast_;
};

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_PLAYER_H_
