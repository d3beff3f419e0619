#include "core/predict/succession.h"

#include <algorithm>

namespace warmup::predict {
namespace {

constexpr float kKeep = 1.0f - 1.0f / 64;
constexpr double kMaxCount = 1e6;

}  // namespace

void SuccessorList::Add(NameIndex next) {
  total_ = 0;
  Entry* found = nullptr;
  for (Entry& entry : entries_) {
    entry.count *= kKeep;
    if (entry.model == next) found = &entry;
  }
  if (found != nullptr) {
    found->count += 1;
  } else if (entries_.size() < kMaxSuccessors) {
    entries_.push_back({next, 1});
  } else {
    *std::min_element(entries_.begin(), entries_.end(),
                      [](const Entry& a, const Entry& b) {
                        return a.count < b.count;
                      }) = {next, 1};
  }
  for (const Entry& entry : entries_) total_ += entry.count;
}

float SuccessorList::Count(NameIndex model) const {
  for (const Entry& entry : entries_) {
    if (entry.model == model) return entry.count;
  }
  return 0;
}

void SuccessorList::Remove(NameIndex model) {
  std::erase_if(entries_,
                [&](const Entry& entry) { return entry.model == model; });
  total_ = 0;
  for (const Entry& entry : entries_) total_ += entry.count;
}

void SuccessorList::Restore(NameIndex model, double count) {
  if (!(count > 0) || entries_.size() >= kMaxSuccessors) return;
  if (Count(model) > 0) return;
  entries_.push_back({model, static_cast<float>(std::min(count, kMaxCount))});
  total_ = 0;
  for (const Entry& entry : entries_) total_ += entry.count;
}

void SuccessionTable::Add(NameIndex before_last, NameIndex last,
                          NameIndex next) {
  lists_.Touch(Context{kNone, last}).Add(next);
  if (before_last == kNone) return;
  lists_.Touch(Context{before_last, last}).Add(next);
}

void SuccessionTable::Remove(NameIndex model) {
  for (auto& [context, list] : lists_) list.Remove(model);
  lists_.EraseIf([&](const auto& entry) {
    const auto& [context, list] = entry;
    return context.first == model || context.second == model ||
           list.entries().empty();
  });
}

}  // namespace warmup::predict
