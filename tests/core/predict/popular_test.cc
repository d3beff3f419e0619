#include "core/predict/popular.h"

#include <vector>

#include "tests/support/catch.h"

namespace warmup::predict {
namespace {

std::vector<NameIndex> Models(const TopModels& top) {
  std::vector<NameIndex> models;
  for (const auto& entry : top.entries()) models.push_back(entry.model);
  return models;
}

TEST_CASE("TopModels: keeps the heaviest, heaviest first") {
  TopModels top(3);
  top.Update(1, 5, 1);
  top.Update(2, 7, 1);
  top.Update(3, 6, 1);
  top.Update(4, 1, 1);
  CHECK(Models(top) == std::vector<NameIndex>{2, 3, 1});
  top.Update(4, 6.5, 1);
  CHECK(Models(top) == std::vector<NameIndex>{2, 4, 3});
  top.Update(2, 1, 1);
  CHECK(Models(top) == std::vector<NameIndex>{4, 3, 2});
}

TEST_CASE("TopModels: what is no longer used sinks") {
  TopModels top(2);
  top.Update(1, 10, 1);
  for (int i = 0; i < 50; ++i) top.Update(2, 2, 0.9);
  CHECK(Models(top) == std::vector<NameIndex>{2, 1});
  top.Remove(2);
  CHECK(Models(top) == std::vector<NameIndex>{1});
}

}  // namespace
}  // namespace warmup::predict
