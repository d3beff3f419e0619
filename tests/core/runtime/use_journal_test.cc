#include "core/runtime/use_journal.h"

#include <string>

#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Activity Typing(absl::Time at, const std::string& user = "ann",
                const std::string& session = "s") {
  return {"typing", session, user, at};
}

TEST_CASE("UseJournal: every use is a line, and each has its own number") {
  UseJournal journal;
  std::vector<UseRecord> lines;
  for (int i = 0; i < 3; ++i) {
    journal.Used(kNow, {"m", "s", "ann", kNow}, &lines);
  }
  REQUIRE(lines.size() == 3);
  const int64_t first = absl::ToUnixNanos(kNow);
  CHECK((lines[0] == UseRecord{kNow, first, UseKind::kUse, "ann", "m"}));
  CHECK(lines[1].number == first + 1);
  CHECK(lines[2].number == first + 2);
}

TEST_CASE("UseJournal: after a restart numbers go on behind the old ones") {
  std::vector<UseRecord> lines;
  UseJournal before;
  before.Saw(kNow, Typing(kNow), &lines);
  UseJournal after;
  after.Saw(kNow + absl::Microseconds(1), Typing(kNow), &lines);
  CHECK(lines[1].number > lines[0].number);
}

TEST_CASE("UseJournal: what comes many times a second is kept every 2 s") {
  UseJournal journal;
  std::vector<UseRecord> lines;
  for (int i = 0; i <= 100; ++i) {  // ten seconds
    const absl::Time at = kNow + i * absl::Milliseconds(100);
    journal.Saw(at, Typing(at), &lines);
    journal.Announced(at, {"m", "s", "ann", at}, UseKind::kHint, &lines);
  }
  REQUIRE(lines.size() == 12);
  CHECK(lines[2].at == kNow + UseJournal::kPause);
}

TEST_CASE("UseJournal: another session, user, kind or name is another line") {
  UseJournal journal;
  std::vector<UseRecord> lines;
  for (const size_t count : {7, 7}) {
    journal.Saw(kNow, Typing(kNow), &lines);
    journal.Saw(kNow, Typing(kNow, "ann", "t"), &lines);
    journal.Saw(kNow, Typing(kNow, "bob"), &lines);
    journal.Saw(kNow, {"file_opened", "s", "ann", kNow}, &lines);
    for (const UseKind kind : {UseKind::kHint, UseKind::kSession}) {
      journal.Announced(kNow, {"typing", "s", "ann", kNow}, kind, &lines);
    }
    journal.Announced(kNow, {"m", "s", "ann", kNow}, UseKind::kHint, &lines);
    CHECK(lines.size() == count);
  }
}

TEST_CASE("UseJournal: a report that comes late is no repetition") {
  UseJournal journal;
  std::vector<UseRecord> lines;
  journal.Saw(kNow, Typing(kNow), &lines);
  journal.Saw(kNow, Typing(kNow - absl::Minutes(5)), &lines);
  journal.Saw(kNow, Typing(kNow + absl::Seconds(1)), &lines);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].at == kNow - absl::Minutes(5));
}

TEST_CASE("UseJournal: a flood of different kinds is bounded in memory only") {
  UseJournal journal;
  std::vector<UseRecord> lines;
  const size_t count = 2 * UseJournal::kMaxRemembered;
  for (size_t i = 0; i < count; ++i) {
    journal.Saw(kNow, {"kind" + std::to_string(i), "s", "ann", kNow}, &lines);
  }
  CHECK(lines.size() == count);
  // What is over makes room: it is remembered again from here on.
  const absl::Time later = kNow + UseJournal::kPause;
  journal.Saw(later, Typing(later), &lines);
  journal.Saw(later, Typing(later), &lines);
  CHECK(lines.size() == count + 1);
}

}  // namespace
}  // namespace warmup
