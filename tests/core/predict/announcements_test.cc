#include "core/predict/announcements.h"

#include "tests/support/catch.h"

namespace warmup::predict {
namespace {

constexpr double kLifetime = Announcements::kLifetimeSeconds;

TEST_CASE("Announcements: one is pending until its model is used") {
  Announcements book;
  book.Announce(7, 100);
  REQUIRE(book.Find(7, 101) != nullptr);
  book.ObserveUse(7, 110);
  CHECK(book.Find(7, 111) == nullptr);
  CHECK(book.overall().kept == 1);
}

TEST_CASE("Announcements: one is broken when its time is over") {
  Announcements book;
  book.Announce(7, 100);
  CHECK(book.Find(7, 100 + kLifetime + 1) == nullptr);
  book.ObserveUse(7, 100 + kLifetime + 1);
  CHECK(book.overall().promised == 1);
  CHECK(book.overall().kept == 0);
}

TEST_CASE("Announcements: a liar loses trust, the honest gain it") {
  Announcements liar;
  Announcements honest;
  for (int i = 0; i < 20; ++i) {
    const double at = i * 2 * kLifetime;
    liar.Announce(1, at);
    honest.Announce(1, at);
    honest.ObserveUse(1, at + 30);
  }
  CHECK(liar.Reliability(1, 0.5) < 0.1);
  CHECK(honest.Reliability(1, 0.5) > 0.9);
  // What is known of one model speaks for the others, less surely.
  CHECK(liar.Reliability(2, 0.5) < 0.15);
  CHECK(Announcements().Reliability(1, 0.5) == Approx(0.5));
}

TEST_CASE("Announcements: other uses pass one over") {
  Announcements book;
  book.Announce(7, 100);
  book.ObserveUse(8, 110);
  book.ObserveUse(9, 120);
  REQUIRE(book.Find(7, 130) != nullptr);
  CHECK(book.Find(7, 130)->passed_over == 2);
  book.Announce(7, 140);
  CHECK(book.Find(7, 140)->passed_over == 0);
}

TEST_CASE("Announcements: a late use before the announcement keeps it") {
  Announcements book;
  book.Announce(7, 100);
  book.ObserveUse(7, 90);
  CHECK(book.Find(7, 101) != nullptr);
  CHECK(book.overall().promised == 0);
}

TEST_CASE("Announcements: repeating one, late or not, does not count twice") {
  Announcements book;
  book.Announce(7, 100);
  book.Announce(7, 100);
  book.Announce(7, 50);
  CHECK(book.pending().size() == 1);
  CHECK(book.Find(7, 100)->at == 100);
}

TEST_CASE("Announcements: pending ones and tallies are bounded") {
  Announcements book;
  for (NameIndex model = 0; model < 5000; ++model) book.Announce(model, model);
  CHECK(book.pending().size() == Announcements::kMaxPending);
  CHECK(book.tallies().size() <= Announcements::kMaxTallies);
}

}  // namespace
}  // namespace warmup::predict
