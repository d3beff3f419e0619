#ifndef WARMUP_TESTS_SUPPORT_WAITING_LOAD_H_
#define WARMUP_TESTS_SUPPORT_WAITING_LOAD_H_

#include <grpcpp/client_context.h>

#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "tests/support/client.h"

namespace warmup {

// A LoadModel that waits, on a thread of its own.
class WaitingLoad {
 public:
  WaitingLoad(Client& client, const std::string& model,
              const std::string& other_fields = "")
      : thread_([this, &client,
                 request = Proto<v1::LoadModelRequest>(
                     "wait: true model_id: '" + model + "' " + other_fields)] {
          context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
          answer_.status = client.stub<Models>().LoadModel(&context_, request,
                                                           &answer_.body);
        }) {}
  ~WaitingLoad() { Answered(); }
  WaitingLoad(const WaitingLoad&) = delete;
  WaitingLoad& operator=(const WaitingLoad&) = delete;

  void Leave() { context_.TryCancel(); }
  const Answer<v1::LoadModelResponse>& Answered() {
    if (thread_.joinable()) thread_.join();
    return answer_;
  }

 private:
  grpc::ClientContext context_;
  Answer<v1::LoadModelResponse> answer_;
  std::thread thread_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_WAITING_LOAD_H_
