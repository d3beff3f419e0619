#ifndef WARMUP_CLIENTS_CLI_LOAD_PROGRESS_H_
#define WARMUP_CLIENTS_CLI_LOAD_PROGRESS_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <thread>

#include "clients/cli/client.h"

namespace warmup::cli {

// Shows on stderr, if that is a terminal, how far the load of one model is,
// while it lives. It watches the model from a thread of its own; `cli`
// outlives it and keeps its channel.
class LoadProgress {
 public:
  LoadProgress(Cli& cli, std::string model_id);
  ~LoadProgress();
  LoadProgress(const LoadProgress&) = delete;
  LoadProgress& operator=(const LoadProgress&) = delete;

 private:
  void Watch(const std::shared_ptr<grpc::Channel>& channel);

  const std::string model_id_;
  const Style style_;
  grpc::ClientContext context_;
  std::thread thread_;
};

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_LOAD_PROGRESS_H_
