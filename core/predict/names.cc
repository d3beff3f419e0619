#include "core/predict/names.h"

#include "core/base/check.h"

namespace warmup::predict {

std::optional<NameIndex> NameTable::Intern(const std::string& name) {
  if (const auto known = Find(name)) return known;
  if (indices_.size() >= max_names_) return std::nullopt;
  NameIndex index;
  if (free_.empty()) {
    index = static_cast<NameIndex>(names_.size());
    names_.emplace_back(name);
  } else {
    index = free_.back();
    free_.pop_back();
    names_[index] = name;
  }
  indices_.emplace(names_[index], index);
  return index;
}

std::optional<NameIndex> NameTable::Find(const std::string& name) const {
  const auto it = indices_.find(name);
  if (it == indices_.end()) return std::nullopt;
  return it->second;
}

void NameTable::Release(NameIndex index) {
  WARMUP_DCHECK(indices_.contains(names_[index]));
  indices_.erase(names_[index]);
  names_[index].clear();
  free_.push_back(index);
}

}  // namespace warmup::predict
