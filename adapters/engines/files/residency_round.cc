#include "adapters/engines/files/residency_round.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace warmup {

void ResidencyRound::Look(const std::vector<ModelSpec>& specs,
                          const MeasureCallback& measure,
                          std::vector<Sighting>* sightings) {
  std::vector<const ModelSpec*> models;
  std::vector<Sighting*> cold;
  for (size_t i = 0; i < specs.size(); ++i) {
    if ((*sightings)[i].residency.tier != Tier::kCold) continue;
    models.push_back(&specs[i]);
    cold.push_back(&(*sightings)[i]);
  }
  Measure(models, measure);
  MutexLock lock(mutex_);
  if (is_cached_.size() > models.size()) Prune(models);
  for (size_t i = 0; i < models.size(); ++i) {
    const auto it = is_cached_.find(NameInEngine(*models[i]));
    cold[i]->is_cached = it != is_cached_.end() && it->second;
  }
}

void ResidencyRound::Measure(const std::vector<const ModelSpec*>& models,
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
    const Residency residency = measure(spec).value_or(Residency{});
    const LoadStart start =
        StartOf(residency.total_bytes - residency.resident_bytes,
                residency.total_bytes);
    MutexLock lock(mutex_);
    is_cached_[NameInEngine(spec)] = start == LoadStart::kWarm;
    last_ = spec.id;
    if (std::chrono::steady_clock::now() >= end) break;
  }
}

void ResidencyRound::Prune(const std::vector<const ModelSpec*>& models) {
  std::set<std::string> sources;
  for (const ModelSpec* spec : models) sources.insert(NameInEngine(*spec));
  std::erase_if(is_cached_, [&](const auto& entry) {
    return !sources.contains(entry.first);
  });
}

}  // namespace warmup
