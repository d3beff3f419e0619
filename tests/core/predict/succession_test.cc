#include "core/predict/succession.h"

#include <limits>

#include "tests/support/catch.h"

namespace warmup::predict {
namespace {

constexpr NameIndex kNone = SuccessionTable::kNone;

TEST_CASE("SuccessionTable: learns what follows one model and a pair") {
  SuccessionTable table(16);
  for (int i = 0; i < 10; ++i) {
    table.Add(1, 2, 3);
    table.Add(4, 2, 5);
  }
  const SuccessorList* after_two = table.Find(kNone, 2);
  REQUIRE(after_two != nullptr);
  CHECK(after_two->Count(3) == Approx(after_two->Count(5)).epsilon(0.05));
  const SuccessorList* after_pair = table.Find(1, 2);
  REQUIRE(after_pair != nullptr);
  CHECK(after_pair->Count(3) == after_pair->total());
  CHECK(after_pair->Count(5) == 0);
}

TEST_CASE("SuccessionTable: has no pair without a model before the last") {
  SuccessionTable table(16);
  table.Add(kNone, 2, 3);
  CHECK(table.lists().size() == 1);
}

TEST_CASE("SuccessionTable: forgets the contexts seen least recently") {
  SuccessionTable table(4);
  for (NameIndex model = 0; model < 100; ++model) table.Add(kNone, model, 1);
  CHECK(table.lists().size() == 4);
  CHECK(table.Find(kNone, 99) != nullptr);
  CHECK(table.Find(kNone, 0) == nullptr);
}

TEST_CASE("SuccessionTable: removing a model leaves no trace of it") {
  SuccessionTable table(16);
  table.Add(1, 2, 3);
  table.Add(2, 3, 1);
  table.Add(7, 8, 9);
  table.Remove(3);
  CHECK(table.Find(kNone, 2) == nullptr);
  CHECK(table.Find(2, 3) == nullptr);
  CHECK(table.Find(7, 8) != nullptr);
}

TEST_CASE("SuccessorList: keeps the frequent ones when it is full") {
  SuccessorList list;
  for (int i = 0; i < 50; ++i) list.Add(1);
  for (NameIndex model = 100; model < 120; ++model) list.Add(model);
  CHECK(list.entries().size() == SuccessorList::kMaxSuccessors);
  CHECK(list.Count(1) > 10);
  CHECK(list.Count(119) == 1);
}

TEST_CASE("SuccessorList: refuses damaged counts") {
  SuccessorList list;
  list.Restore(1, -2);
  list.Restore(2, std::numeric_limits<double>::quiet_NaN());
  list.Restore(3, 1e300);
  list.Restore(3, 5);
  CHECK(list.entries().size() == 1);
  CHECK(list.Count(3) == 1e6f);
}

}  // namespace
}  // namespace warmup::predict
