#ifndef WARMUP_BENCH_SUPPORT_HABITS_H_
#define WARMUP_BENCH_SUPPORT_HABITS_H_

#include <random>
#include <string>
#include <vector>

namespace warmup::bench {

std::string ModelName(int index);    // "model-00042"
std::string SessionName(int index);  // "session-007", also its user's name

// People with a few models each: which of them uses what next. Each has eight
// favourites, popular ones more often, the first of them most used, and goes
// on with the same model half of the time. The same seed, the same uses.
class Habits {
 public:
  static constexpr int kFavourites = 8;

  Habits(int models, int people);

  struct Use {
    int person;
    int model;
  };
  Use Next();
  const std::vector<int>& FavouritesOf(int person) const {
    return people_[static_cast<size_t>(person)].favourites;
  }

 private:
  struct Person {
    std::vector<int> favourites;
    int last = 0;
  };
  int Skewed(int count);  // 0 the likeliest

  std::mt19937 random_{7};
  std::vector<Person> people_;
};

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_SUPPORT_HABITS_H_
