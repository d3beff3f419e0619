#ifndef WARMUP_CORE_SHADOW_PER_ITEM_H_
#define WARMUP_CORE_SHADOW_PER_ITEM_H_

#include <cstddef>
#include <vector>

#include "core/shadow/machine.h"

namespace warmup::shadow {

// A value for every item, `Value()` until it is set. A reference to one holds
// until another is asked for.
template <typename Value>
class PerItem {
 public:
  Value& operator[](ItemId item) {
    const auto i = static_cast<size_t>(item);
    if (i >= values_.size()) values_.resize(i + 1);
    return values_[i];
  }
  const Value& Get(ItemId item) const {
    static const Value kUnset{};
    const auto i = static_cast<size_t>(item);
    return i < values_.size() ? values_[i] : kUnset;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(values_);
  }

 private:
  std::vector<Value> values_;
};

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_PER_ITEM_H_
