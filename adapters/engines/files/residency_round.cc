#include "adapters/engines/files/residency_round.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace warmup {

std::vector<Residency> ResidencyRound::Look(
    const std::vector<const ModelSpec*>& models,
    const MeasureCallback& measure) {
  ModelId last;
  {
    MutexLock lock(mutex_);
    last = last_;
  }
  const auto next = std::upper_bound(
      models.begin(), models.end(), last,
      [](const ModelId& id, const ModelSpec* spec) { return id < spec->id; });
  const auto first = static_cast<size_t>(next - models.begin());
  const auto end =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(time_);
  for (size_t i = 0; i < models.size(); ++i) {
    const ModelSpec& spec = *models[(first + i) % models.size()];
    Residency residency = measure(spec).value_or(Residency{});
    residency.tier = std::min(residency.tier, Tier::kHost);
    MutexLock lock(mutex_);
    known_[NameInEngine(spec)] = residency;
    last_ = spec.id;
    if (std::chrono::steady_clock::now() >= end) break;
  }
  std::vector<Residency> answer;
  answer.reserve(models.size());
  MutexLock lock(mutex_);
  if (known_.size() > models.size()) Prune(models);
  for (const ModelSpec* spec : models) {
    const auto it = known_.find(NameInEngine(*spec));
    answer.push_back(it == known_.end() ? Residency{} : it->second);
  }
  return answer;
}

void ResidencyRound::Prune(const std::vector<const ModelSpec*>& models) {
  std::set<std::string> sources;
  for (const ModelSpec* spec : models) sources.insert(NameInEngine(*spec));
  std::erase_if(known_, [&](const auto& entry) {
    return !sources.contains(entry.first);
  });
}

}  // namespace warmup
