#include "core/model/catalogue.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// The least weight of the newest measurement in a moving average.
constexpr double kNewest = 0.25;
// Before anything was measured.
constexpr double kBytesPerSecond = 1 << 30;

void Learn(absl::Duration time, LearnedTime* learned) {
  ++learned->count;
  const double weight = std::max(kNewest, 1.0 / learned->count);
  learned->mean += (time - learned->mean) * weight;
}

}  // namespace

absl::Status ModelNotFound(const ModelId& id) {
  return MakeError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND",
                   absl::StrCat("no model \"", id, "\" in the catalogue"),
                   {{"model", id}});
}

absl::Status ModelInUse(const ModelId& id, std::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "MODEL_IN_USE",
                   absl::StrCat("model \"", id, "\" is ", std::string(what)),
                   {{"model", id}});
}

int64_t Catalogue::Entry::PeakBytes() const {
  if (measured.peak_bytes > 0) {
    return std::max(measured.peak_bytes, measured.steady_bytes);
  }
  return std::max({spec.peak_bytes, spec.size_bytes, measured.steady_bytes});
}

absl::StatusOr<ModelSpec> Catalogue::Register(ModelSpec spec) {
  WARMUP_RETURN_IF_ERROR(ValidateSpec(spec));
  if (entries_.contains(spec.id)) {
    return MakeError(absl::StatusCode::kAlreadyExists, "MODEL_EXISTS",
                     absl::StrCat("model \"", spec.id, "\" is registered"),
                     {{"model", spec.id}});
  }
  if (entries_.size() >= limits::kMaxModels) {
    return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_MODELS",
                     absl::StrCat("the catalogue holds its limit of ",
                                  limits::kMaxModels, " models"),
                     {{"limit", "kMaxModels"}});
  }
  spec.revision = 1;
  ModelSpec result = spec;
  const ModelId id = spec.id;
  entries_.emplace(id, Entry{std::move(spec), {}});
  return result;
}

absl::StatusOr<ModelSpec> Catalogue::Update(
    ModelSpec spec, std::optional<int64_t> expected_revision) {
  WARMUP_RETURN_IF_ERROR(ValidateSpec(spec));
  const auto it = entries_.find(spec.id);
  if (it == entries_.end()) return ModelNotFound(spec.id);
  const int64_t revision = it->second.spec.revision;
  if (expected_revision.has_value() && *expected_revision != revision) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "REVISION_MISMATCH",
        absl::StrCat("model \"", spec.id, "\" is at revision ", revision,
                     ", not ", *expected_revision),
        {{"model", spec.id}, {"revision", std::to_string(revision)}});
  }
  Entry& entry = it->second;
  AddToSpeeds(entry, -1);
  if (!IsMeasuredAlike(spec, entry.spec)) entry.measured = {};
  spec.revision = revision + 1;
  entry.spec = std::move(spec);
  AddToSpeeds(entry, 1);
  return entry.spec;
}

absl::StatusOr<ModelSpec> Catalogue::Remove(const ModelId& id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return ModelNotFound(id);
  AddToSpeeds(it->second, -1);
  ModelSpec spec = std::move(it->second.spec);
  entries_.erase(it);
  return spec;
}

void Catalogue::Restore(Entry entry) {
  const auto before = entries_.find(entry.spec.id);
  if (before != entries_.end()) AddToSpeeds(before->second, -1);
  AddToSpeeds(entry, 1);
  const ModelId id = entry.spec.id;
  entries_.insert_or_assign(id, std::move(entry));
}

void Catalogue::RecordLoad(const ModelId& id, const FinishedLoad& load) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  AddToSpeeds(it->second, -1);
  ModelMeasurements& measured = it->second.measured;
  // Not every engine shows what a model holds.
  if (load.steady_bytes > 0) {
    ++measured.memory_count;
    measured.steady_bytes = load.steady_bytes;
    measured.peak_bytes = load.peak_bytes;
  }
  switch (load.start) {
    case LoadStart::kCold:
      Learn(load.time, &measured.cold_load);
      break;
    case LoadStart::kWarm:
      Learn(load.time, &measured.warm_load);
      break;
    case LoadStart::kUnknown:
      Learn(load.time, &measured.other_load);
      break;
    case LoadStart::kReady:
      break;
  }
  AddToSpeeds(it->second, 1);
}

void Catalogue::RecordFirstAnswer(const ModelId& id, absl::Duration time) {
  const auto it = entries_.find(id);
  if (it != entries_.end()) Learn(time, &it->second.measured.first_answer);
}

void Catalogue::AddToSpeeds(const Entry& entry, int sign) {
  const ModelMeasurements& measured = entry.measured;
  const auto add = [&](const LearnedTime& learned, Speed EngineSpeeds::* kind) {
    if (learned.count == 0) return;
    Speed& speed = speeds_[entry.spec.engine].*kind;
    speed.bytes += sign * entry.PeakBytes();
    speed.time += sign * learned.mean;
  };
  add(measured.cold_load, &EngineSpeeds::cold);
  add(measured.warm_load, &EngineSpeeds::warm);
  add(measured.other_load, &EngineSpeeds::other);
}

const Catalogue::Entry* Catalogue::Find(const ModelId& id) const {
  const auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

std::optional<absl::Duration> Catalogue::Speed::TimeFor(
    int64_t wanted_bytes) const {
  if (bytes <= 0 || time <= absl::ZeroDuration()) return std::nullopt;
  return time *
         (static_cast<double>(wanted_bytes) / static_cast<double>(bytes));
}

LearnedTime Catalogue::EstimateLoad(const Entry& entry, bool is_warm) const {
  const ModelMeasurements& measured = entry.measured;
  const LearnedTime& own = is_warm ? measured.warm_load : measured.cold_load;
  if (own.count > 0) return own;
  if (measured.other_load.count > 0) return measured.other_load;
  const int64_t bytes = entry.PeakBytes();
  const auto it = speeds_.find(entry.spec.engine);
  const EngineSpeeds speeds = it == speeds_.end() ? EngineSpeeds() : it->second;
  if (is_warm) {
    const absl::Duration cold = EstimateLoad(entry, false).mean;
    return {0, std::min(speeds.warm.TimeFor(bytes).value_or(cold), cold)};
  }
  const absl::Duration at_a_guess =
      absl::Seconds(static_cast<double>(bytes) / kBytesPerSecond);
  const absl::Duration cold = speeds.cold.TimeFor(bytes).value_or(
      speeds.other.TimeFor(bytes).value_or(at_a_guess));
  return {0, std::max(cold, measured.warm_load.mean)};
}

std::vector<const Catalogue::Entry*> Catalogue::List(const ModelId& after,
                                                     size_t limit) const {
  std::vector<const Entry*> result;
  for (auto it = entries_.upper_bound(after);
       it != entries_.end() && result.size() < limit; ++it) {
    result.push_back(&it->second);
  }
  return result;
}

}  // namespace warmup
