#include "core/predict/lru_map.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace warmup::predict {
namespace {

std::vector<int> Keys(const LruMap<int, std::string>& map) {
  std::vector<int> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

TEST_CASE("LruMap: goes from the most to the least recently touched") {
  LruMap<int, std::string> map(3);
  map.Touch(1) = "a";
  map.Touch(2);
  map.Touch(3);
  map.Touch(1);
  CHECK(Keys(map) == std::vector<int>{1, 3, 2});
  CHECK(*map.Find(1) == "a");
}

TEST_CASE("LruMap: forgets the least recent, finding does not refresh") {
  LruMap<int, std::string> map(2);
  map.Touch(1);
  map.Touch(2);
  CHECK(map.Find(1) != nullptr);
  map.Touch(3);
  CHECK(Keys(map) == std::vector<int>{3, 2});
  CHECK(map.Find(1) == nullptr);
}

TEST_CASE("LruMap: erases by key and by predicate") {
  LruMap<int, std::string> map(8);
  for (int key = 0; key < 6; ++key) map.Touch(key);
  map.Erase(5);
  map.Erase(77);
  map.EraseIf([](const auto& entry) { return entry.first % 2 == 0; });
  CHECK(Keys(map) == std::vector<int>{3, 1});
}

TEST_CASE("LruMap: stays whole when moved") {
  LruMap<int, std::string> from(2);
  from.Touch(1) = "a";
  LruMap<int, std::string> map = std::move(from);
  map.Touch(2);
  map.Touch(1);
  map.Touch(3);
  CHECK(Keys(map) == std::vector<int>{3, 1});
  CHECK(*map.Find(1) == "a");
}

}  // namespace
}  // namespace warmup::predict
