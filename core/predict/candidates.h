#ifndef WARMUP_CORE_PREDICT_CANDIDATES_H_
#define WARMUP_CORE_PREDICT_CANDIDATES_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <span>

#include "core/base/limits.h"
#include "core/predict/memory.h"

namespace warmup::predict {

// The scopes that one forecast looks at; nullptr where nothing is known.
struct View {
  const Scope* session = nullptr;
  const Scope* user = nullptr;
  const Scope* everybody = nullptr;
};

// The models worth scoring, at most limits::kMaxCandidates, so that the cost
// of a forecast does not grow with the catalogue. In order, each part bounded
// so that none crowds out the next: announced; used in this session;
// successors of the last models; the user's recent ones; the most used, ever
// and at this hour; then everybody's most recent until the list is full.
class Candidates {
 public:
  Candidates(const Memory& memory, const View& view, LocalTime now);
  std::span<const NameIndex> models() const { return {models_.data(), size_}; }

 private:
  void Add(NameIndex model);
  void AddRecent(const Scope* scope, size_t at_most);
  void AddSuccessors(const Scope* scope, const Scope* history);

  std::bitset<limits::kMaxModels> is_in_;
  std::array<NameIndex, limits::kMaxCandidates> models_;
  size_t size_ = 0;
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_CANDIDATES_H_
