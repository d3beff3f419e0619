#include "adapters/store/learned_snapshot.h"

#include "tests/adapters/store/store_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

TEST_CASE("LearnedSnapshot: everything comes back as it was") {
  const PredictorState state = MakeLearned();
  const auto decoded = DecodeLearned(EncodeLearned(state));
  REQUIRE(decoded.ok());
  REQUIRE(decoded->scopes.size() == 2);
  const LearnedScope& got = decoded->scopes[0];
  const LearnedScope& want = state.scopes[0];
  CHECK(got.user == "ada");
  CHECK(decoded->scopes[1].user.empty());
  REQUIRE(got.uses.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(got.uses[i].model == want.uses[i].model);
    CHECK(got.uses[i].count == want.uses[i].count);
    CHECK(got.uses[i].last_used == want.uses[i].last_used);
    CHECK(got.uses[i].gap_counts == want.uses[i].gap_counts);
    CHECK(got.uses[i].hour_counts == want.uses[i].hour_counts);
    CHECK(got.uses[i].weekday_counts == want.uses[i].weekday_counts);
  }
  REQUIRE(got.successions.size() == 2);
  CHECK(got.successions[0].before_previous.empty());
  CHECK(got.successions[0].previous == "a");
  CHECK(got.successions[1].before_previous == "c");
  CHECK(got.successions[1].next == "b");
  CHECK(got.successions[1].count == 0.5);
  REQUIRE(got.announcements.size() == 1);
  CHECK(got.announcements[0].model == "b");
  CHECK(got.announcements[0].announced == 3);
  CHECK(got.announcements[0].used == 2);
  CHECK(got.last_models == want.last_models);
  CHECK(got.arrival_counts == want.arrival_counts);
  const auto is_same = [](const LearnedHabits& a, const LearnedHabits& b) {
    return a.reuse_counts == b.reuse_counts &&
           a.arrival_counts == b.arrival_counts;
  };
  CHECK(is_same(decoded->user_habits, state.user_habits));
  CHECK(is_same(decoded->everybody_habits, state.everybody_habits));
  CHECK(decoded->follow_count == 8);
  CHECK(decoded->repeat_count == 1.5);
}

TEST_CASE("LearnedSnapshot: any flipped bit is noticed") {
  const LearnedBlob good = EncodeLearned(MakeLearned());
  for (size_t i = 0; i < good.snapshot.size(); ++i) {
    LearnedBlob bad = good;
    bad.snapshot[i] = static_cast<char>(bad.snapshot[i] ^ (1 << (i % 8)));
    REQUIRE(DecodeLearned(bad).status().code() == absl::StatusCode::kDataLoss);
  }
  LearnedBlob shorter = good;
  shorter.snapshot.pop_back();
  CHECK(DecodeLearned(shorter).status().code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("LearnedSnapshot: a newer version is told from damage") {
  LearnedBlob newer = EncodeLearned(MakeLearned());
  newer.version = kLearnedVersion + 6;
  const absl::Status status = DecodeLearned(newer).status();
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(status.message() ==
        "learned state has version 7, this daemon reads up to 1");
}

TEST_CASE("TextMap: round trip, and nothing for an empty one") {
  const std::map<std::string, std::string> entries = {{"a", ""}, {"b", "x"}};
  CHECK(EncodeTextMap({}).empty());
  CHECK(*DecodeTextMap(EncodeTextMap(entries)) == entries);
  CHECK_FALSE(DecodeTextMap("\xff\xff").ok());
}

}  // namespace
}  // namespace warmup
