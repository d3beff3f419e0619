#ifndef WARMUP_CORE_PREDICT_LRU_MAP_H_
#define WARMUP_CORE_PREDICT_LRU_MAP_H_

#include <cstddef>
#include <list>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "core/base/check.h"

namespace warmup::predict {

// A map of at most `max_entries` that forgets what was touched longest ago.
// Iterates from the most to the least recently touched, so that no result
// depends on the order of a hash table. Entries do not move.
template <typename Key, typename Value>
class LruMap {
 public:
  using Entry = std::pair<const Key, Value>;

  explicit LruMap(size_t max_entries) : max_entries_(max_entries) {
    WARMUP_DCHECK(max_entries > 0);
  }
  LruMap(LruMap&&) = default;
  LruMap& operator=(LruMap&&) = default;

  // The value of `key`, made from `args` if it is new; it becomes the most
  // recent. May forget the least recent other entry.
  template <typename K, typename... Args>
  Value& Touch(const K& key, Args&&... args) {
    const auto it = index_.find(key);
    if (it != index_.end()) {
      entries_.splice(entries_.begin(), entries_, it->second);
      return it->second->second;
    }
    if (entries_.size() >= max_entries_) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(std::piecewise_construct, std::forward_as_tuple(key),
                           std::forward_as_tuple(std::forward<Args>(args)...));
    index_.emplace(entries_.front().first, entries_.begin());
    return entries_.front().second;
  }

  template <typename K>
  const Value* Find(const K& key) const {
    const auto it = index_.find(key);
    return it == index_.end() ? nullptr : &it->second->second;
  }
  template <typename K>
  Value* Find(const K& key) {
    const auto it = index_.find(key);
    return it == index_.end() ? nullptr : &it->second->second;
  }

  template <typename K>
  void Erase(const K& key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return;
    const auto entry = it->second;
    index_.erase(it);
    entries_.erase(entry);
  }
  template <typename Predicate>
  void EraseIf(Predicate predicate) {
    for (auto it = entries_.begin(); it != entries_.end();) {
      if (predicate(*it)) {
        index_.erase(it->first);
        it = entries_.erase(it);
      } else {
        ++it;
      }
    }
  }

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  auto rbegin() const { return entries_.rbegin(); }
  auto rend() const { return entries_.rend(); }

 private:
  size_t max_entries_;
  std::list<Entry> entries_;  // most recently touched first
  absl::flat_hash_map<Key, typename std::list<Entry>::iterator> index_;
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_LRU_MAP_H_
