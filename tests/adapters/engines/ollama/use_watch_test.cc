#include "adapters/engines/ollama/use_watch.h"

#include "tests/support/catch.h"

namespace warmup::ollama {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kKeep = absl::Minutes(5);

// Times are seconds since the start.
absl::Time At(double seconds) { return kStart + absl::Seconds(seconds); }

// A look that took 5 ms, at a model that expires then.
View Looked(double at, absl::Time expires_at) {
  return {.asked = At(at) - absl::Milliseconds(5),
          .answered = At(at),
          .running = {{.name = "m:latest", .expires_at = expires_at}}};
}

View LookedAtNothing(double at) {
  return {.asked = At(at), .answered = At(at), .running = {}};
}

// A watch that looks on from the first second on.
class Watched {
 public:
  void Look(double at, absl::Time expires_at) {
    watch.Observe(Looked(at, expires_at), book);
  }
  int64_t uses() { return watch.TakeUses("m"); }
  bool IsBusy(double at, absl::Time expires_at) {
    return watch.IsBusy({.name = "m:latest", .expires_at = expires_at}, At(at));
  }

  UseWatch watch;
  ModelBook book;
};

}  // namespace

TEST_CASE("UseWatch: what was there at the first look was not used since") {
  Watched w;
  w.Look(1, At(200));
  CHECK(w.uses() == 0);
  w.Look(2, At(200));
  CHECK(w.uses() == 0);
}

TEST_CASE("UseWatch: a moved time is a use, told once") {
  Watched w;
  w.Look(1, At(200));
  w.Look(2, At(301.5));
  w.Look(3, At(301.5));
  CHECK(w.uses() == 1);
  CHECK(w.uses() == 0);
  // Two between two takings are still "some".
  w.Look(4, At(303.9));
  w.Look(5, At(304.5));
  CHECK(w.uses() == 1);
  // A keep-alive that became shorter.
  w.Look(6, At(65.5));
  CHECK(w.uses() == 1);
}

TEST_CASE("UseWatch: a model that appears was used") {
  Watched w;
  w.watch.Observe(LookedAtNothing(1), w.book);
  w.Look(2, At(301.5));
  CHECK(w.uses() == 1);
  w.watch.Observe(LookedAtNothing(3), w.book);
  CHECK(w.uses() == 0);
  w.Look(4, At(303.5));
  CHECK(w.uses() == 1);
}

TEST_CASE("UseWatch: a first request that runs on is one use, and busy") {
  Watched w;
  w.watch.Observe(LookedAtNothing(1), w.book);
  for (int at = 2; at < 20; ++at) {
    // The time of the answer, within its 5 ms, plus the keep-alive.
    w.Look(at, At(at) + kKeep - absl::Milliseconds(at % 5));
    if (at > 2) CHECK(w.IsBusy(at, At(at) + kKeep));
  }
  w.Look(20, At(19.4) + kKeep);  // when it ended
  CHECK_FALSE(w.IsBusy(20, At(19.4) + kKeep));
  CHECK(w.uses() == 1);
  w.Look(21, At(20.5) + kKeep);
  CHECK(w.uses() == 1);
}

TEST_CASE("UseWatch: what goes along by chance and then stands is a use") {
  Watched w;
  w.Look(1, At(200));
  w.Look(2, At(201));
  CHECK(w.uses() == 0);
  w.Look(3, At(201));
  CHECK(w.uses() == 1);
  // From then on there is no doubt.
  w.Look(4, At(202));
  CHECK(w.uses() == 1);
  CHECK_FALSE(w.IsBusy(4, At(202)));
}

TEST_CASE("UseWatch: a time in the past is a request that runs") {
  Watched w;
  w.Look(1, At(5));
  w.Look(10, At(5));
  CHECK(w.IsBusy(10, At(5)));
  CHECK(w.uses() == 0);
  w.Look(20, At(315));
  CHECK_FALSE(w.IsBusy(20, At(315)));
  CHECK(w.uses() == 1);
  // A time that cannot be read says nothing.
  CHECK_FALSE(w.IsBusy(20, absl::InfinitePast()));
}

TEST_CASE("UseWatch: our own load is no use, however late it shows") {
  const bool shows_late = GENERATE(false, true);
  Watched w;
  w.Look(1, At(200));
  w.watch.BeginOwnCall("m");
  w.Look(2, shows_late ? At(200) : At(2) + kKeep);
  w.watch.EndOwnCall("m", At(2) + kKeep, w.book);
  w.Look(2.5, At(2.01) + kKeep);
  w.Look(3, At(2.01) + kKeep);
  CHECK(w.uses() == 0);
  w.Look(10, At(9) + kKeep);
  CHECK(w.uses() == 1);
}

TEST_CASE("UseWatch: our own load is no use, whatever Ollama's clock shows") {
  constexpr absl::Duration kSkew = absl::Seconds(40);
  Watched w;
  w.watch.Observe(LookedAtNothing(1), w.book);
  w.watch.BeginOwnCall("m");
  w.Look(2, At(2) + kKeep + kSkew);
  w.watch.EndOwnCall("m", At(2) + kKeep, w.book);
  w.Look(3, At(2.02) + kKeep + kSkew);
  CHECK(w.uses() == 0);
  w.Look(9, At(8.5) + kKeep + kSkew);
  CHECK(w.uses() == 1);
}

TEST_CASE("UseWatch: a call of ours on another name of it is ours") {
  Watched w;
  w.book.Replace({{.name = "m:latest", .digest = "1"},
                  {.name = "other:latest", .digest = "1"}});
  w.watch.Observe(LookedAtNothing(1), w.book);
  w.watch.BeginOwnCall("other");
  w.Look(2, At(2) + kKeep);
  w.watch.EndOwnCall("other", At(2) + kKeep, w.book);
  w.Look(3, At(2.02) + kKeep);
  CHECK(w.uses() == 0);
}

TEST_CASE("UseWatch: views that come out of order count nothing twice") {
  Watched w;
  w.Look(1, At(200));
  w.Look(3, At(302));
  w.Look(2, At(200));
  w.Look(4, At(302));
  CHECK(w.uses() == 1);
  w.Look(5, At(302));
  CHECK(w.uses() == 0);
}

TEST_CASE("UseWatch: what is ours is so until it is gone") {
  Watched w;
  w.watch.TakeOver("m");  // not there
  CHECK_FALSE(w.watch.IsOurs("m"));
  w.Look(1, At(200));
  w.watch.TakeOver("m");
  w.Look(2, At(300));
  CHECK(w.watch.IsOurs("m:latest"));
  w.watch.Observe(LookedAtNothing(3), w.book);
  w.Look(4, At(304));
  CHECK_FALSE(w.watch.IsOurs("m"));
}

TEST_CASE("UseWatch: an unload that is seen half done is one, and no use") {
  Watched w;
  w.Look(1, At(200));
  w.Look(2, At(1.9));
  w.Look(2.1, At(1.9));
  CHECK(w.uses() == 0);
  CHECK_FALSE(w.watch.TakeUnloaded("m"));
  SECTION("then done") {
    w.watch.Observe(LookedAtNothing(2.2), w.book);
    CHECK(w.watch.TakeUnloaded("m"));
  }
  SECTION("or overtaken by a request") {
    w.Look(2.2, At(302));
    CHECK(w.uses() == 1);
    w.watch.Observe(LookedAtNothing(303), w.book);
    CHECK_FALSE(w.watch.TakeUnloaded("m"));
  }
}

TEST_CASE("UseWatch: what goes before its time was unloaded by somebody") {
  Watched w;
  w.Look(1, At(200));
  const auto is_told = [&w] { return w.watch.TakeUnloaded("m"); };
  SECTION("told once") {
    w.watch.Observe(LookedAtNothing(2), w.book);
    CHECK(is_told());
    CHECK_FALSE(is_told());
  }
  SECTION("but not when its time was over") {
    w.watch.Observe(LookedAtNothing(200), w.book);
    CHECK_FALSE(is_told());
  }
  SECTION("nor when it was us") {
    w.watch.GiveUp("m");
    w.watch.Observe(LookedAtNothing(2), w.book);
    CHECK_FALSE(is_told());
  }
  SECTION("nor when Ollama made room for another") {
    View view = LookedAtNothing(2);
    view.running = {{.name = "other:latest", .expires_at = At(300)}};
    w.watch.Observe(view, w.book);
    CHECK_FALSE(is_told());
  }
  SECTION("nor when it is back, nor after a restart that was seen") {
    w.watch.Observe(LookedAtNothing(2), w.book);
    w.Look(3, At(303));
    CHECK_FALSE(is_told());
    w.watch.Forget();
    w.watch.Observe(LookedAtNothing(4), w.book);
    CHECK_FALSE(is_told());
  }
}

TEST_CASE("UseWatch: after a restart nothing was used") {
  Watched w;
  w.Look(1, At(200));
  w.watch.Forget();
  w.Look(9, At(309));
  CHECK(w.uses() == 0);
}

}  // namespace warmup::ollama
