#include "bench/fanout/nats_fanout.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "bench/support/table.h"

namespace warmup::bench {
namespace {

constexpr char kSubject[] = "bench.tick";

void Must(natsStatus status, const std::string& what) {
  if (status != NATS_OK) {
    Fail(absl::StrCat("NATS: ", what, ": ", natsStatus_GetText(status)));
  }
}

}  // namespace

NatsFanout::NatsFanout(const std::string& url, int subscribers)
    : Fanout(subscribers), payload_(kEventBytes, 'x') {
  for (int i = 0; i <= kConnections; ++i) {
    connections_.push_back(Connect(url));
  }
  for (int i = 0; i < subscribers; ++i) {
    natsSubscription* subscription = nullptr;
    Must(natsConnection_Subscribe(
             &subscription, connections_[static_cast<size_t>(i % kConnections)],
             kSubject,
             [](natsConnection*, natsSubscription*, natsMsg* message,
                void* self) {
               static_cast<NatsFanout*>(self)->Delivered(1);
               natsMsg_Destroy(message);
             },
             this),
         "subscribe");
    Must(natsSubscription_SetPendingLimits(subscription, -1, -1), "limits");
    subscriptions_.push_back(subscription);
  }
  for (natsConnection* connection : connections_) {
    Must(natsConnection_Flush(connection), "flush");
  }
}

natsConnection* NatsFanout::Connect(const std::string& url) {
  natsOptions* options = nullptr;
  Must(natsOptions_Create(&options), "options");
  Must(natsOptions_SetURL(options, url.c_str()), "url");
  // Without it each of a thousand subscriptions has a thread.
  Must(natsOptions_UseGlobalMessageDelivery(options, true), "delivery");
  natsConnection* connection = nullptr;
  Must(natsConnection_Connect(&connection, options), "connect");
  natsOptions_Destroy(options);
  return connection;
}

NatsFanout::~NatsFanout() {
  for (natsSubscription* subscription : subscriptions_) {
    natsSubscription_Destroy(subscription);
  }
  for (natsConnection* connection : connections_) {
    natsConnection_Destroy(connection);
  }
}

void NatsFanout::Publish() {
  Must(natsConnection_Publish(connections_.back(), kSubject, payload_.data(),
                              kEventBytes),
       "publish");
}

void NatsFanout::Flush() {
  // The client's own thread sends what is buffered.
  usleep(50);
}

}  // namespace warmup::bench
