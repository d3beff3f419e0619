#ifndef WARMUP_BENCH_FANOUT_NATS_FANOUT_H_
#define WARMUP_BENCH_FANOUT_NATS_FANOUT_H_

#include <nats/nats.h>

#include <string>
#include <vector>

#include "bench/fanout/fanout.h"

namespace warmup::bench {

// Core NATS with its C client: a subscription for each subscriber, their
// messages delivered by the client's shared threads. Publishing does not wait
// for anything.
class NatsFanout final : public Fanout {
 public:
  NatsFanout(const std::string& url, int subscribers);
  ~NatsFanout() override;

 private:
  void Publish() override;
  void Flush() override;
  natsConnection* Connect(const std::string& url);

  std::vector<natsConnection*> connections_;  // the last one publishes
  std::vector<natsSubscription*> subscriptions_;
  const std::string payload_;
};

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_FANOUT_NATS_FANOUT_H_
