#ifndef WARMUP_CORE_RUNTIME_CHANGE_SET_H_
#define WARMUP_CORE_RUNTIME_CHANGE_SET_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ports/store.h"

namespace warmup {

// Changes that wait for the store, the newest of each thing only: writing
// what Take gives has the same result as writing everything that was added, in
// order. Of events the newest limits::kStoredEvents are kept, as the store
// does, of the log of use the newest limits::kMaxUnsavedUses. Sans-I/O, not
// thread-safe.
class ChangeSet {
 public:
  void Add(StoreChange change);
  // In the order in which they came; leaves nothing behind.
  std::vector<StoreChange> Take();

  size_t size() const { return changes_.size(); }
  bool empty() const { return changes_.empty(); }

 private:
  using Position = uint64_t;

  void Put(const std::string& key, StoreChange change);
  // As the last of its kind; above `most` the first goes.
  void Append(StoreChange change, size_t most, std::deque<Position>& kind);
  void Forget(const std::string& key);

  Position next_ = 0;
  std::map<Position, StoreChange> changes_;
  std::unordered_map<std::string, Position> by_key_;
  std::deque<Position> events_;  // oldest first
  std::deque<Position> uses_;    // oldest first
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_CHANGE_SET_H_
