#include "adapters/engines/llama_swap/request_watch.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace warmup::llama_swap {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

absl::Time At(double seconds) { return kStart + absl::Seconds(seconds); }

Request Of(const std::string& id, const std::string& model,
           const std::string& path = "/v1/chat/completions") {
  return {.id = id, .model = model, .path = path, .started = "at " + id};
}

FeedMessage All(std::vector<Request> requests) {
  return {.kind = FeedMessage::Kind::kRequests,
          .requests = std::move(requests)};
}
FeedMessage One(const Request& request) {
  return {.kind = FeedMessage::Kind::kRequest, .requests = {request}};
}
FeedMessage Ended(const std::string& id) {
  return {.kind = FeedMessage::Kind::kRequestEnded, .ended_id = id};
}

// A watch that is connected since the first second.
struct Connected {
  Connected() { watch.Observe(All({}), At(1)); }
  RequestWatch watch;
};

}  // namespace

TEST_CASE("RequestWatch: a request is a use, told once, in flight to its end") {
  Connected c;
  c.watch.Observe(One(Of("1", "a")), At(2));
  c.watch.Observe(One(Of("1", "a")), At(3));  // it gets on
  CHECK(c.watch.InFlight("a") == 1);
  CHECK(c.watch.InFlight("b") == 0);
  CHECK(c.watch.TakeUses("a") == 1);
  CHECK(c.watch.TakeUses("a") == 0);
  CHECK(c.watch.LastEnd("a") == absl::InfinitePast());
  c.watch.Observe(Ended("1"), At(4));
  c.watch.Observe(Ended("1"), At(5));
  CHECK(c.watch.InFlight("a") == 0);
  CHECK(c.watch.LastEnd("a") == At(4));
  CHECK(c.watch.TakeUses("a") == 0);
  c.watch.Observe(One(Of("2", "a")), At(6));
  c.watch.Observe(One(Of("3", "a")), At(6));
  CHECK(c.watch.TakeUses("a") == 2);
  CHECK(c.watch.ArrivalCount("a") == 3);
}

TEST_CASE("RequestWatch: calls of /health are no uses, ours or others'") {
  Connected c;
  for (const char* path : {"/health", "/upstream/a/health"}) {
    c.watch.Observe(One(Of("1", "a", path)), At(2));
  }
  CHECK(c.watch.InFlight("a") == 0);
  CHECK(c.watch.TakeUses("a") == 0);
}

TEST_CASE("RequestWatch: what runs when we come is busy, and no use") {
  RequestWatch watch;
  CHECK_FALSE(watch.is_known());
  watch.Observe(All({Of("1", "a")}), At(1));
  CHECK(watch.is_known());
  CHECK(watch.InFlight("a") == 1);
  CHECK(watch.TakeUses("a") == 0);
  watch.Observe(One(Of("1", "a")), At(2));
  CHECK(watch.TakeUses("a") == 0);
}

TEST_CASE("RequestWatch: after a gap only what is new is a use") {
  Connected c;
  c.watch.Observe(One(Of("1", "a")), At(2));
  c.watch.Observe(One(Of("2", "b")), At(2));
  CHECK(c.watch.TakeUses("a") == 1);
  CHECK(c.watch.TakeUses("b") == 1);
  c.watch.Forget();
  CHECK_FALSE(c.watch.is_known());
  c.watch.Observe(All({Of("1", "a"), Of("3", "c")}), At(9));
  CHECK(c.watch.is_known());
  CHECK(c.watch.TakeUses("a") == 0);
  CHECK(c.watch.InFlight("a") == 1);
  CHECK(c.watch.InFlight("b") == 0);
  CHECK(c.watch.LastEnd("b") == At(9));
  CHECK(c.watch.TakeUses("c") == 1);
}

TEST_CASE("RequestWatch: after a restart the same id is another request") {
  Connected c;
  c.watch.Observe(One(Of("1", "a")), At(2));
  c.watch.Forget();
  Request again = Of("1", "a");
  again.started = "later";
  c.watch.Observe(All({again}), At(3));
  CHECK(c.watch.TakeUses("a") == 2);
  CHECK(c.watch.InFlight("a") == 1);
}

TEST_CASE("RequestWatch: tells of whom nothing was heard for longest") {
  Connected c;
  CHECK(c.watch.OldestNews() == absl::InfiniteFuture());
  c.watch.Observe(One(Of("1", "a")), At(2));
  c.watch.Observe(One(Of("2", "a")), At(3));
  CHECK(c.watch.OldestNews() == At(2));
  c.watch.Observe(One(Of("1", "a")), At(4));
  CHECK(c.watch.OldestNews() == At(3));
}

TEST_CASE("RequestWatch: messages without ids, models or sense are nothing") {
  Connected c;
  c.watch.Observe(One(Of("", "a")), At(2));
  c.watch.Observe(One(Of("1", "")), At(2));
  c.watch.Observe(Ended(""), At(2));
  c.watch.Observe(Ended("never began"), At(2));
  c.watch.Observe(FeedMessage(), At(2));
  CHECK(c.watch.OldestNews() == absl::InfiniteFuture());
  for (int i = 0; i < 50'000; ++i) {
    const std::string name = std::to_string(i);
    c.watch.Observe(One(Of(name, name)), At(3));
  }
  CHECK(c.watch.InFlight("1") == 1);
}

}  // namespace warmup::llama_swap
