#ifndef WARMUP_DEMO_WATCHER_H_
#define WARMUP_DEMO_WATCHER_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <thread>

#include "demo/board.h"

namespace warmup::demo {

// Keeps the board's picture of the daemon while it lives: watches what the
// models are doing and subscribes to events. Two threads. The board outlives
// it.
class Watcher {
 public:
  Watcher(const std::shared_ptr<grpc::Channel>& channel, SharedBoard& board);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

 private:
  void WatchModels(const std::shared_ptr<grpc::Channel>& channel);
  void Subscribe(const std::shared_ptr<grpc::Channel>& channel);

  SharedBoard& board_;
  grpc::ClientContext watch_;
  grpc::ClientContext subscription_;
  std::thread watcher_;
  std::thread subscriber_;
};

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_WATCHER_H_
