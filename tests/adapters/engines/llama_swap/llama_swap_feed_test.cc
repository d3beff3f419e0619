// What the feed of events tells, and what when it does not.

#include <string>
#include <utility>
#include <vector>

#include "tests/adapters/engines/llama_swap/llama_swap_fixture.h"

namespace warmup {

TEST_CASE("LlamaSwapEngine: uses by others are told once, each of them") {
  LlamaSwap swap;
  swap.fake.Use("a");
  swap.fake.Use("a");
  swap.fake.Use("b");
  swap.AwaitUses("a", 2);
  swap.AwaitUses("b", 1);
  CHECK(swap.LookAt("a").uses == 0);
}

TEST_CASE("LlamaSwapEngine: neither our loads nor anybody's probes are uses") {
  LlamaSwap swap;
  swap.LoadOk("a");
  swap.fake.BeginRequest("a", "/upstream/a/health");
  swap.fake.EndRequest("a");
  swap.fake.Use("b");
  swap.AwaitUses("b", 1);  // so what came before was seen too
  CHECK(swap.LookAt("a").uses == 0);
}

TEST_CASE("LlamaSwapEngine: a request is seen to run") {
  LlamaSwap swap;
  swap.fake.BeginRequest("a");
  CHECK(swap.AwaitBusy("a", true));
  CHECK(swap.LookAt("b").is_busy == false);
  swap.fake.EndRequest("a");
  CHECK(swap.AwaitBusy("a", false));
}

TEST_CASE("LlamaSwapEngine: what runs when we come is busy, but no use") {
  LlamaSwap swap;
  swap.fake.BeginRequest("a");
  swap.MakeEngine();
  CHECK(swap.AwaitBusy("a", true));
  CHECK(swap.LookAt("a").uses == 0);
}

TEST_CASE("LlamaSwapEngine: a feed that was cut is taken up again") {
  LlamaSwap swap;
  swap.fake.BeginRequest("a");
  swap.AwaitUses("a", 1);
  swap.fake.Answer("/api/events", 503, "");
  swap.fake.CutFeed();
  swap.fake.BeginRequest("b");        // unseen, but it runs on
  CHECK(swap.AwaitBusy("a", false));  // nobody knows
  swap.fake.Heal();
  swap.AwaitUses("b", 1);
  CHECK(swap.LookAt("a").uses == 0);
  CHECK(swap.AwaitBusy("a", true));
  swap.fake.EndRequest("a");
  CHECK(swap.AwaitBusy("a", false));
}

TEST_CASE("LlamaSwapEngine: after a restart of the server all begins anew") {
  LlamaSwap swap;
  swap.LoadOk("a");
  swap.fake.BeginRequest("a");
  swap.AwaitUses("a", 1);
  swap.fake.Stop();
  CHECK(absl::IsUnavailable(swap.engine->Look({}).status()));
  swap.fake.ForgetAll();
  swap.fake.StartAgain();
  const Sighting sighting = swap.LookAt("a");
  CHECK(sighting.residency.tier == Tier::kCold);
  CHECK(sighting.uses == 0);
  CHECK_FALSE(sighting.was_unloaded);
  swap.fake.AwaitListener();
  swap.fake.Use("a");  // with an id that was there before
  swap.AwaitUses("a", 1);
  CHECK(swap.AwaitBusy("a", false));
}

TEST_CASE("LlamaSwapEngine: an older version without a feed shows no uses") {
  const auto feed =
      GENERATE(FakeLlamaSwap::Feed::kNone, FakeLlamaSwap::Feed::kCounts);
  LlamaSwap swap(feed);
  CHECK(Eventually([&] { return !swap.engine->info().abilities.shows_use; }));
  swap.LoadOk("a");
  swap.fake.BeginRequest("a");
  CHECK(swap.LookAt("a").uses == 0);
  CHECK_FALSE(swap.LookAt("a").is_busy);
  // Its requests cannot be waited for.
  CHECK(swap.Unload("a").ok());
  CHECK_FALSE(swap.fake.IsLoaded("a"));
}

TEST_CASE("LlamaSwapEngine: a newer version's feed is found after a restart") {
  LlamaSwap swap(FakeLlamaSwap::Feed::kNone);
  CHECK(Eventually([&] { return !swap.engine->info().abilities.shows_use; }));
  swap.fake.SetFeed(FakeLlamaSwap::Feed::kWhole);
  swap.fake.Stop();
  CHECK(absl::IsUnavailable(swap.engine->Look({}).status()));
  swap.fake.StartAgain();
  swap.LookAt("a");
  // Not a minute later, but at once.
  CHECK(Eventually([&] { return swap.engine->info().abilities.shows_use; }));
}

TEST_CASE("LlamaSwapEngine: a user's unload is told, once, and no swap") {
  LlamaSwap swap;
  swap.LoadOk("x");
  swap.LookAt("x");  // knows now that it has no ttl
  swap.fake.UnloadByHand("x");
  CHECK(Eventually([&] { return swap.LookAt("x").was_unloaded; }));
  CHECK_FALSE(swap.LookAt("x").was_unloaded);
}

TEST_CASE("LlamaSwapEngine: a model that its ttl took was not unloaded") {
  LlamaSwap swap;
  swap.fake.SetTtl("a", absl::Seconds(1));
  swap.LoadOk("a");
  bool is_told = false;
  const auto look = [&] {
    is_told = is_told || swap.LookAt("a").was_unloaded;
    return swap.fake.IsLoaded("a");
  };
  CHECK(Eventually([&] { return !look(); }));
  // Whatever came before this is known by then.
  swap.LoadOk("x");
  swap.LookAt("x");
  swap.fake.UnloadByHand("x");
  CHECK(Eventually([&] {
    look();
    return swap.LookAt("x").was_unloaded;
  }));
  CHECK_FALSE(is_told);
}

TEST_CASE("LlamaSwapEngine: events without sense are passed over") {
  LlamaSwap swap;
  const std::string flood(size_t{1} << 20, 'x');
  for (const std::string& text :
       {std::string(
            "event:message\ndata:{\"type\":\"inflight\",\"data\":7}\n\n"),
        std::string("data:\n\ndata: {\n\n: hello\n\nid: 7\nretry: 1\n\n"),
        std::string("data:{\"type\":\"inflight\",\"data\":\"{}\"}\n\n"),
        std::string("data:{\"type\":\"inflight\",\"data\":\"{\"}\n\n"),
        std::string("data:\xff\xfe\n\nnothing\n\n")}) {
    swap.fake.SendRaw(text);
  }
  for (int i = 0; i < 10; ++i) {
    swap.fake.SendRaw("event:message\ndata:{\"type\":\"logData\",\"data\":\"");
    swap.fake.SendRaw(flood);
    swap.fake.SendRaw("\"}\n\n");
  }
  swap.fake.Use("a");
  swap.AwaitUses("a", 1);
  CHECK(swap.fake.CallCount("/api/events") == 1);
}

TEST_CASE("LlamaSwapEngine: it ends at once, whatever its feed does") {
  const auto state = GENERATE(0, 1, 2);
  LlamaSwap swap;
  if (state == 1) swap.fake.Hang("/api/events");
  if (state == 2) swap.fake.Answer("/api/events", 404, "");
  if (state != 0) swap.fake.CutFeed();
  CHECK(Eventually(
      [&] { return state == 0 || swap.fake.CallCount("/api/events") > 1; }));
  const absl::Time start = absl::Now();
  swap.engine = nullptr;
  CHECK(absl::Now() - start < absl::Seconds(1));  // milliseconds, mostly
}

}  // namespace warmup
