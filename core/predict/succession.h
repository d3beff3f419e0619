#ifndef WARMUP_CORE_PREDICT_SUCCESSION_H_
#define WARMUP_CORE_PREDICT_SUCCESSION_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "core/predict/lru_map.h"
#include "core/predict/names.h"

namespace warmup::predict {

// What came after one context: the models with the highest decayed counts, at
// most kMaxSuccessors of them. A count weighs (1 - 1/64)^(later successions of
// this context). A newcomer to a full list takes the place of the weakest, as
// in the space-saving sketch (Metwally et al. 2005) but without inheriting
// its count: a decayed list would keep inherited counts for too long.
class SuccessorList {
 public:
  static constexpr size_t kMaxSuccessors = 8;
  struct Entry {
    NameIndex model;
    float count;
  };

  void Add(NameIndex next);
  float Count(NameIndex model) const;
  float total() const { return total_; }
  // Unordered, but the same for the same history.
  const std::vector<Entry>& entries() const { return entries_; }
  void Remove(NameIndex model);
  // Appends an entry as it was exported; ignored when full.
  void Restore(NameIndex model, double count);

 private:
  std::vector<Entry> entries_;
  float total_ = 0;
};

// Successor lists of order 1 (after one model) and order 2 (after a pair).
// The contexts seen least recently are forgotten.
class SuccessionTable {
 public:
  static constexpr NameIndex kNone = ~NameIndex{0};
  // (model before the last or kNone for order 1, last model).
  using Context = std::pair<NameIndex, NameIndex>;

  explicit SuccessionTable(size_t max_contexts) : lists_(max_contexts) {}

  // `before_last` may be kNone.
  void Add(NameIndex before_last, NameIndex last, NameIndex next);
  const SuccessorList* Find(NameIndex before_last, NameIndex last) const {
    return lists_.Find(Context{before_last, last});
  }
  void Remove(NameIndex model);
  void Restore(const Context& context, NameIndex next, double count) {
    lists_.Touch(context).Restore(next, count);
  }
  // Most recently seen first.
  const LruMap<Context, SuccessorList>& lists() const { return lists_; }

 private:
  LruMap<Context, SuccessorList> lists_;
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_SUCCESSION_H_
