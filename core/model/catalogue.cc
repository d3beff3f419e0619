#include "core/model/catalogue.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// Weight of the newest load in a moving average.
constexpr double kNewest = 0.25;

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
  // Another file or engine: what was measured of the old one is void.
  if (spec.engine != it->second.spec.engine ||
      spec.source != it->second.spec.source) {
    it->second.measured = {};
  }
  spec.revision = revision + 1;
  it->second.spec = std::move(spec);
  return it->second.spec;
}

absl::StatusOr<ModelSpec> Catalogue::Remove(const ModelId& id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return ModelNotFound(id);
  ModelSpec spec = std::move(it->second.spec);
  entries_.erase(it);
  return spec;
}

void Catalogue::Restore(Entry entry) {
  const ModelId id = entry.spec.id;
  entries_.insert_or_assign(id, std::move(entry));
}

void Catalogue::RecordLoad(const ModelId& id, absl::Duration load_time,
                           int64_t steady_bytes) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  ModelMeasurements& measured = it->second.measured;
  measured.steady_bytes = steady_bytes;
  if (load_time <= absl::ZeroDuration()) return;
  measured.load_time =
      measured.load_count == 0
          ? load_time
          : measured.load_time * (1 - kNewest) + load_time * kNewest;
  ++measured.load_count;
  const double speed =
      static_cast<double>(steady_bytes) / absl::ToDoubleSeconds(load_time);
  if (speed > 0) {
    bytes_per_second_ = bytes_per_second_ * (1 - kNewest) + speed * kNewest;
  }
}

const Catalogue::Entry* Catalogue::Find(const ModelId& id) const {
  const auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

absl::Duration Catalogue::EstimateLoadTime(const Entry& entry) const {
  if (entry.measured.load_count > 0) return entry.measured.load_time;
  return absl::Seconds(static_cast<double>(entry.PeakBytes()) /
                       bytes_per_second_);
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
