// A subscriber that does not read: it slows nobody, its memory is bounded, and
// it is told what it missed.

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/limits.h"
#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

constexpr int64_t kEventBytes = 60'000;
// Twice what the daemon keeps.
constexpr int kEvents =
    static_cast<int>(2 * limits::kEventHistoryBytes / kEventBytes);
// What a stalled stream may hold beside the shared history: a batch that is
// being written, the flow-control windows, and the allocator's slack.
constexpr int64_t kSlackBytes = 24 * kMib;

v1::PublishRequest BigEvent(int number) {
  v1::PublishRequest request;
  request.mutable_event()->set_event_type("big");
  request.mutable_event()->set_source("slow_subscriber_test");
  request.mutable_event()->set_data_json(
      absl::StrCat("{\"number\":", number, ",\"text\":\"",
                   std::string(kEventBytes, 'x'), "\"}"));
  return request;
}

TEST_CASE("SlowSubscriber: one that stalls slows nobody and is told its gap") {
  ServedDaemon served;
  auto stalled =
      served.client.Open(&Events::Subscribe, "filter { event_types: 'big' }");
  Client other(served.home.address());
  auto healthy =
      other.Open(&Events::Subscribe, "filter { event_types: 'big' }");
  Client publisher(served.home.address());

  // The first event shows that both streams are there.
  const uint64_t first =
      publisher.Ask(&Events::Publish, BigEvent(0)).Must().event().sequence();
  REQUIRE(stalled.Next().has_value());
  int64_t received = healthy.Next()->events_size();
  const int64_t rss_before = served.daemon.RssBytes();

  uint64_t last = first;
  for (int i = 1; i <= kEvents; ++i) {
    last =
        publisher.Ask(&Events::Publish, BigEvent(i)).Must().event().sequence();
    // Who reads gets everything, in order, while the other one stalls.
    while (received < i + 1) {
      const auto response = healthy.Next();
      REQUIRE(response.has_value());
      REQUIRE_FALSE(response->has_gap());
      received += response->events_size();
    }
  }
  if (!kIsSanitized) {
    CHECK(served.daemon.RssBytes() - rss_before <
          static_cast<int64_t>(limits::kEventHistoryBytes) + kSlackBytes);
  }

  // It reads again: what was under way, the gap, what is kept, in order.
  uint64_t next = first + 1;
  uint64_t lost = 0;
  while (next <= last) {
    const auto response = stalled.Next();
    REQUIRE(response.has_value());
    if (response->has_gap()) {
      lost += response->gap().lost_count();
      next += response->gap().lost_count();
      CHECK(response->gap().next_sequence() == next);
    }
    for (const v1::Event& event : response->events()) {
      REQUIRE(event.sequence() >= next);
      next = event.sequence() + 1;
    }
  }
  CHECK(lost > 0);
  CHECK(lost < static_cast<uint64_t>(kEvents));
}

}  // namespace
}  // namespace warmup
