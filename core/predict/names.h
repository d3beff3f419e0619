#ifndef WARMUP_CORE_PREDICT_NAMES_H_
#define WARMUP_CORE_PREDICT_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace warmup::predict {

// A name as a small number, so that the tables of the predictor hold four
// bytes for a model instead of a string.
using NameIndex = uint32_t;

// Gives names dense numbers from 0 and reuses the numbers of released names:
// whoever releases a name has removed its number everywhere first.
class NameTable {
 public:
  explicit NameTable(size_t max_names) : max_names_(max_names) {}

  // The number of `name`, new if need be; nullopt when the table is full.
  std::optional<NameIndex> Intern(const std::string& name);
  std::optional<NameIndex> Find(const std::string& name) const;
  const std::string& Name(NameIndex index) const { return names_[index]; }
  void Release(NameIndex index);
  size_t size() const { return indices_.size(); }

 private:
  size_t max_names_;
  std::vector<std::string> names_;
  std::vector<NameIndex> free_;
  absl::flat_hash_map<std::string, NameIndex> indices_;
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_NAMES_H_
