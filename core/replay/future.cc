#include "core/replay/future.h"

namespace warmup::replay {

Future::Future(const Stream& stream, const Catalogue& catalogue)
    : requests_(stream.requests) {
  for (size_t i = 0; i < requests_.size(); ++i) {
    items_[catalogue.Rename(requests_[i]).item].places.push_back(
        static_cast<uint32_t>(i));
  }
}

int64_t Future::NextPlace(shadow::ItemId item) {
  const Item& known = items_[item];
  return known.passed < known.places.size() ? known.places[known.passed]
                                            : kNever;
}

shadow::Micros Future::NextTime(shadow::ItemId item) {
  const int64_t place = NextPlace(item);
  return place == kNever ? kNever : requests_[static_cast<size_t>(place)].at;
}

}  // namespace warmup::replay
