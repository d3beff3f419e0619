#ifndef WARMUP_CORE_SHADOW_RANKED_H_
#define WARMUP_CORE_SHADOW_RANKED_H_

#include <optional>
#include <set>
#include <utility>

#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"

namespace warmup::shadow {

// Items in the order of keys that change, the least first. Who does not want
// ties broken by an item's number, which means nothing, makes keys unique.
template <typename Key>
class Ranked {
 public:
  using Entry = std::pair<Key, ItemId>;

  void Put(ItemId item, const Key& key) {
    Remove(item);
    keys_[item] = key;
    order_.emplace(key, item);
  }
  void Remove(ItemId item) {
    std::optional<Key>& key = keys_[item];
    if (!key.has_value()) return;
    order_.erase({*key, item});
    key.reset();
  }
  bool empty() const { return order_.empty(); }
  const Entry& first() const { return *order_.begin(); }
  auto begin() const { return order_.begin(); }
  auto end() const { return order_.end(); }

 private:
  PerItem<std::optional<Key>> keys_;
  std::set<Entry> order_;
};

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_RANKED_H_
