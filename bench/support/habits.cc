#include "bench/support/habits.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace warmup::bench {

std::string ModelName(int index) {
  return absl::StrFormat("model-%05d", index);
}

std::string SessionName(int index) {
  return absl::StrFormat("session-%03d", index);
}

Habits::Habits(int models, int people) {
  for (int i = 0; i < people; ++i) {
    Person& person = people_.emplace_back();
    for (int k = 0; k < kFavourites; ++k) {
      person.favourites.push_back(Skewed(models));
    }
    person.last = person.favourites[0];
  }
}

int Habits::Skewed(int count) {
  // Log-uniform: a tenth of the models gets half of the uses.
  const double u = std::uniform_real_distribution<double>()(random_);
  return static_cast<int>(std::pow(count, u)) - 1;
}

Habits::Use Habits::Next() {
  const int who = std::uniform_int_distribution<int>(
      0, static_cast<int>(people_.size()) - 1)(random_);
  Person& person = people_[static_cast<size_t>(who)];
  if (random_() % 2 == 0) {
    person.last = person.favourites[static_cast<size_t>(Skewed(kFavourites))];
  }
  return {who, person.last};
}

}  // namespace warmup::bench
