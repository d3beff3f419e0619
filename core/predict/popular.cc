#include "core/predict/popular.h"

#include <algorithm>
#include <utility>

namespace warmup::predict {

void TopModels::Update(NameIndex model, double weight, double keep) {
  size_t place = entries_.size();
  for (size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].weight *= keep;
    if (entries_[i].model == model) place = i;
  }
  if (place == entries_.size()) {
    if (entries_.size() < max_models_) {
      entries_.push_back({model, weight});
    } else if (!entries_.empty() && entries_.back().weight < weight) {
      place = entries_.size() - 1;
      entries_[place].model = model;
    } else {
      return;
    }
  }
  entries_[place].weight = weight;
  while (place > 0 && entries_[place - 1].weight < weight) {
    std::swap(entries_[place - 1], entries_[place]);
    --place;
  }
  while (place + 1 < entries_.size() && entries_[place + 1].weight > weight) {
    std::swap(entries_[place + 1], entries_[place]);
    ++place;
  }
}

void TopModels::Remove(NameIndex model) {
  std::erase_if(entries_,
                [&](const Entry& entry) { return entry.model == model; });
}

}  // namespace warmup::predict
