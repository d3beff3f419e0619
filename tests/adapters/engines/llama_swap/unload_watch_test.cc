#include "adapters/engines/llama_swap/unload_watch.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace warmup::llama_swap {
namespace {

using enum ProcessState;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

absl::Time At(double seconds) { return kStart + absl::Seconds(seconds); }

// A llama-swap with the models "a" and "b", of which "a" is ready.
struct Watched {
  Watched() {
    watch.SetTtl("a", absl::ZeroDuration());
    watch.SetTtl("b", absl::ZeroDuration());
    Observe(1, kReady, kStopped);
  }
  void Observe(double at, ProcessState a, ProcessState b) {
    watch.Observe({{.name = "a", .state = a}, {.name = "b", .state = b}},
                  At(at), requests);
  }
  // A request that ends then.
  void Use(double at) {
    requests.Observe({.kind = FeedMessage::Kind::kRequest,
                      .requests = {{.id = "1", .model = "a"}}},
                     At(at));
    requests.Observe(
        {.kind = FeedMessage::Kind::kRequestEnded, .ended_id = "1"}, At(at));
  }
  bool IsTold(double at) { return watch.TakeUnloaded("a", At(at)); }

  UnloadWatch watch;
  RequestWatch requests;
};

}  // namespace

TEST_CASE("UnloadWatch: a model that stops alone was unloaded, told once") {
  Watched w;
  CHECK_FALSE(w.IsTold(1.5));
  w.Observe(2, kStopping, kStopped);
  CHECK_FALSE(w.IsTold(2.1));
  w.Observe(3, kStopped, kStopped);
  CHECK_FALSE(w.IsTold(3.1));  // another may start at once
  CHECK(w.IsTold(3.6));
  CHECK_FALSE(w.IsTold(3.7));
}

TEST_CASE("UnloadWatch: a model that makes room for another was not") {
  Watched w;
  w.Observe(2, kStopping, kStopped);
  SECTION("which starts in the same message") {
    w.Observe(3, kStopped, kStarting);
  }
  SECTION("which starts in the next one") {
    w.Observe(3, kStopped, kStopped);
    w.Observe(3.1, kStopped, kStarting);
  }
  SECTION("which is ready before it was seen to start") {
    w.Observe(3, kStopped, kStopped);
    w.Observe(3.1, kStopped, kReady);
  }
  CHECK_FALSE(w.IsTold(9));
}

TEST_CASE("UnloadWatch: while another still stops nothing is told") {
  Watched w;
  w.Observe(1.5, kReady, kReady);
  w.Observe(2, kStopping, kStopping);
  w.Observe(3, kStopped, kStopping);
  CHECK_FALSE(w.IsTold(9));
  // "Unload all", by hand.
  w.Observe(10, kStopped, kStopped);
  CHECK(w.IsTold(11));
  CHECK(w.watch.TakeUnloaded("b", At(11)));
}

TEST_CASE("UnloadWatch: one that died, failed or never ran was not unloaded") {
  Watched w;
  w.Observe(2, kStopped, kStopped);
  CHECK_FALSE(w.IsTold(9));
  w.Observe(10, kStarting, kStopped);
  w.Observe(11, kStopped, kStopped);
  CHECK_FALSE(w.IsTold(19));
  CHECK_FALSE(w.watch.TakeUnloaded("unheard-of", At(19)));
}

TEST_CASE("UnloadWatch: what we unloaded ourselves is not told") {
  Watched w;
  w.watch.GiveUp("a");
  w.Observe(1.5, kReady, kStarting);  // news of another meanwhile
  w.Observe(2, kStopping, kReady);
  w.Observe(3, kStopped, kReady);
  CHECK_FALSE(w.IsTold(9));
  // The next time it is not us.
  w.Observe(10, kReady, kReady);
  w.Observe(11, kStopping, kReady);
  w.Observe(12, kStopped, kReady);
  CHECK(w.IsTold(13));
}

TEST_CASE("UnloadWatch: one with a ttl goes by itself when it was idle") {
  Watched w;
  w.watch.SetTtl("a", absl::Seconds(60));
  SECTION("since its last request") {
    w.Use(2);
    w.Observe(62.5, kStopping, kStopped);
    w.Observe(63, kStopped, kStopped);
    CHECK_FALSE(w.IsTold(70));
  }
  SECTION("or since nobody knows when") {
    w.Observe(30, kStopping, kStopped);
    w.Observe(31, kStopped, kStopped);
    CHECK_FALSE(w.IsTold(70));
  }
  SECTION("but not before") {
    w.Use(2);
    w.Observe(30, kStopping, kStopped);
    w.Observe(31, kStopped, kStopped);
    CHECK(w.IsTold(70));
  }
}

TEST_CASE("UnloadWatch: without knowing a model's ttl nothing is told") {
  UnloadWatch watch;
  const RequestWatch requests;
  for (const ProcessState state : {kReady, kStopping, kStopped}) {
    watch.Observe({{.name = "a", .state = state}}, At(1), requests);
  }
  CHECK_FALSE(watch.TakeUnloaded("a", At(9)));
}

TEST_CASE("UnloadWatch: a lost connection ends all doubt") {
  Watched w;
  w.Observe(2, kStopping, kStopped);
  w.watch.Forget();
  w.Observe(3, kStopped, kStopped);
  CHECK_FALSE(w.IsTold(9));
}

}  // namespace warmup::llama_swap
