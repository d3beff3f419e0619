// A subscriber that never reads neither slows the publisher nor makes the
// daemon grow beyond what its limits add up to.

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "core/base/limits.h"
#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

constexpr int kEvents = 1000;
constexpr size_t kDataBytes = 50'000;
constexpr uint64_t kHistory = limits::kEventHistoryBytes;

// Publishes so many, by several at once; how many were acknowledged.
int PublishAll(Client& client, int count) {
  v1::PublishRequest request;
  request.mutable_event()->set_event_type("bulk");
  request.mutable_event()->set_source("test");
  request.mutable_event()->set_data_json("\"" + std::string(kDataBytes, 'x') +
                                         "\"");
  std::atomic<int> left = count;
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> publishers;
  for (int i = 0; i < 8; ++i) {
    publishers.emplace_back([&] {
      while (left-- > 0) {
        if (client.Ask(&Events::Publish, request).ok()) ++acknowledged;
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  return acknowledged;
}

TEST_CASE("Subscribe: one that stalls is nobody's burden, and told its loss") {
  ServedDaemon served({"policy.predictive_preloading=false"});
  Client stalled_client(served.home.address());
  Client healthy_client(served.home.address());
  auto stalled = stalled_client.Open(&Events::Subscribe, "from_sequence: 1");
  auto healthy = healthy_client.Open(&Events::Subscribe, "from_sequence: 1");

  // A healthy one reads all the while.
  std::vector<uint64_t> read;
  bool saw_gap = false;
  std::thread reader([&] {
    while (read.size() < kEvents) {
      const auto response = healthy.Next();
      if (!response.has_value()) break;
      saw_gap = saw_gap || response->has_gap();
      for (const v1::Event& event : response->events()) {
        read.push_back(event.sequence());
      }
    }
  });
  const int64_t rss_before = served.daemon.RssBytes();
  CHECK(PublishAll(served.client, kEvents) == kEvents);
  const int64_t rss_after = served.daemon.RssBytes();
  reader.join();

  CHECK_FALSE(saw_gap);
  REQUIRE(read.size() == kEvents);
  for (uint64_t i = 0; i < kEvents; ++i) CHECK(read[i] == i + 1);

  // The history, one batch a stream with what the connection buffers of it, and
  // what an allocator and SQLite's cache may keep.
  constexpr int64_t kBound =
      static_cast<int64_t>(kHistory + 2 * (4 * limits::kMaxEventBatchBytes)) +
      32 * kMib;
  WARN("RSS " << rss_before / kMib << " MiB before, " << rss_after / kMib
              << " MiB after, bound +" << kBound / kMib << " MiB");
  if (!kIsSanitized) CHECK(rss_after - rss_before < kBound);

  // It reads again: what was on its way, then a gap, then the rest to the end.
  uint64_t next = 1;
  uint64_t lost = 0;
  while (next <= kEvents) {
    const auto response = stalled.Next();
    REQUIRE(response.has_value());
    if (response->has_gap()) {
      lost += response->gap().lost_count();
      CHECK(response->gap().next_sequence() ==
            next + response->gap().lost_count());
      next = response->gap().next_sequence();
    }
    for (const v1::Event& event : response->events()) {
      REQUIRE(event.sequence() == next);
      ++next;
    }
  }
  // Half of what was published is more than the history keeps.
  CHECK(lost > 0);
  CHECK(lost > kEvents - 1 - kHistory / kDataBytes - 100);
  CHECK(lost < kEvents);
  // And it is as healthy as any other from here on.
  served.client
      .Ask(&Events::Publish, "event { event_type: 'last' source: 'test' }")
      .Must();
  const auto last = stalled.Next();
  REQUIRE(last.has_value());
  CHECK(last->events(0).event_type() == "last");
}

TEST_CASE("Subscribe: many that stall cost a buffer each, not a history") {
  ServedDaemon served({"policy.predictive_preloading=false"});
  Client client(served.home.address());
  // Fills the history first, so that what comes on top is theirs.
  CHECK(PublishAll(served.client, kEvents / 2) == kEvents / 2);
  const int64_t rss_before = served.daemon.RssBytes();
  std::deque<AnswerStream<v1::SubscribeResponse>> stalled;
  for (int i = 0; i < 50; ++i) {
    stalled.push_back(client.Open(&Events::Subscribe, "from_sequence: 0"));
  }
  CHECK(PublishAll(served.client, kEvents / 2) == kEvents / 2);
  const int64_t grown = served.daemon.RssBytes() - rss_before;
  constexpr int64_t kBound =
      50 * static_cast<int64_t>(2 * limits::kMaxEventBatchBytes) + 32 * kMib;
  WARN("50 stalled subscribers: +" << grown / kMib << " MiB, bound +"
                                   << kBound / kMib << " MiB");
  if (!kIsSanitized) CHECK(grown < kBound);
}

}  // namespace
}  // namespace warmup
