#include "adapters/store/learned_snapshot.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/store/time_columns.h"
#include "core/base/status_macros.h"
#include "warmup/v1/snapshot.pb.h"

namespace warmup {
namespace {

// FNV-1a, 64 bits: against damage, not against malice.
int64_t Checksum(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return std::bit_cast<int64_t>(hash);
}

// Gives each model of a scope its position in ScopeSnapshot.models.
class ModelPositions {
 public:
  explicit ModelPositions(v1::ScopeSnapshot& scope) : scope_(scope) {}

  uint32_t Of(const ModelId& id) {
    const auto [it, is_new] =
        positions_.emplace(id, static_cast<uint32_t>(positions_.size()));
    if (is_new) scope_.add_models(id);
    return it->second;
  }

 private:
  v1::ScopeSnapshot& scope_;
  std::unordered_map<ModelId, uint32_t> positions_;
};

void EncodeUse(const LearnedUse& use, ModelPositions& positions,
               v1::UseSnapshot& out) {
  out.set_model(positions.Of(use.model));
  out.set_count(use.count);
  out.set_last_used_unix_ns(ToColumn(use.last_used));
  out.mutable_gap_counts()->Add(use.gap_counts.begin(), use.gap_counts.end());
  out.mutable_hour_counts()->Add(use.hour_counts.begin(),
                                 use.hour_counts.end());
  out.mutable_weekday_counts()->Add(use.weekday_counts.begin(),
                                    use.weekday_counts.end());
}

void EncodeScope(const LearnedScope& scope, v1::ScopeSnapshot& out) {
  ModelPositions positions(out);
  out.set_user(scope.user);
  for (const LearnedUse& use : scope.uses) {
    EncodeUse(use, positions, *out.add_uses());
  }
  for (const LearnedSuccession& succession : scope.successions) {
    v1::SuccessionSnapshot& next = *out.add_successions();
    if (!succession.before_previous.empty()) {
      next.set_before_previous(positions.Of(succession.before_previous));
    }
    next.set_previous(positions.Of(succession.previous));
    next.set_next(positions.Of(succession.next));
    next.set_count(succession.count);
  }
  for (const LearnedAnnouncement& announcement : scope.announcements) {
    v1::AnnouncementSnapshot& next = *out.add_announcements();
    next.set_model(positions.Of(announcement.model));
    next.set_announced(announcement.announced);
    next.set_used(announcement.used);
  }
  for (const ModelId& model : scope.last_models) {
    out.add_last_models(positions.Of(model));
  }
  out.mutable_arrival_counts()->Add(scope.arrival_counts.begin(),
                                    scope.arrival_counts.end());
}

void EncodeHabits(const LearnedHabits& habits, v1::HabitsSnapshot& out) {
  out.mutable_reuse_counts()->Add(habits.reuse_counts.begin(),
                                  habits.reuse_counts.end());
  out.mutable_arrival_counts()->Add(habits.arrival_counts.begin(),
                                    habits.arrival_counts.end());
}

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(
      absl::StrCat("learned state is damaged: ", std::string(what)));
}

absl::StatusOr<ModelId> ModelAt(const v1::ScopeSnapshot& scope,
                                uint32_t position) {
  if (position >= static_cast<uint32_t>(scope.models_size())) {
    return Damaged("it refers to a model that it does not name");
  }
  return scope.models(static_cast<int>(position));
}

template <typename Field, size_t kSize>
absl::Status Fill(const Field& field, std::array<double, kSize>& out) {
  if (static_cast<size_t>(field.size()) != kSize) {
    return Damaged("a profile has the wrong length");
  }
  std::copy(field.begin(), field.end(), out.begin());
  return absl::OkStatus();
}

absl::StatusOr<LearnedUse> DecodeUse(const v1::ScopeSnapshot& scope,
                                     const v1::UseSnapshot& in) {
  LearnedUse use;
  WARMUP_ASSIGN_OR_RETURN(use.model, ModelAt(scope, in.model()));
  use.count = in.count();
  use.last_used = TimeFromColumn(in.last_used_unix_ns());
  WARMUP_RETURN_IF_ERROR(Fill(in.gap_counts(), use.gap_counts));
  WARMUP_RETURN_IF_ERROR(Fill(in.hour_counts(), use.hour_counts));
  WARMUP_RETURN_IF_ERROR(Fill(in.weekday_counts(), use.weekday_counts));
  return use;
}

absl::StatusOr<LearnedScope> DecodeScope(const v1::ScopeSnapshot& in) {
  LearnedScope scope;
  scope.user = in.user();
  for (const v1::UseSnapshot& use : in.uses()) {
    WARMUP_ASSIGN_OR_RETURN(LearnedUse decoded, DecodeUse(in, use));
    scope.uses.push_back(std::move(decoded));
  }
  for (const v1::SuccessionSnapshot& from : in.successions()) {
    LearnedSuccession succession;
    if (from.has_before_previous()) {
      WARMUP_ASSIGN_OR_RETURN(succession.before_previous,
                              ModelAt(in, from.before_previous()));
    }
    WARMUP_ASSIGN_OR_RETURN(succession.previous, ModelAt(in, from.previous()));
    WARMUP_ASSIGN_OR_RETURN(succession.next, ModelAt(in, from.next()));
    succession.count = from.count();
    scope.successions.push_back(std::move(succession));
  }
  for (const v1::AnnouncementSnapshot& from : in.announcements()) {
    LearnedAnnouncement announcement;
    WARMUP_ASSIGN_OR_RETURN(announcement.model, ModelAt(in, from.model()));
    announcement.announced = from.announced();
    announcement.used = from.used();
    scope.announcements.push_back(std::move(announcement));
  }
  for (const uint32_t position : in.last_models()) {
    WARMUP_ASSIGN_OR_RETURN(ModelId model, ModelAt(in, position));
    scope.last_models.push_back(std::move(model));
  }
  WARMUP_RETURN_IF_ERROR(Fill(in.arrival_counts(), scope.arrival_counts));
  return scope;
}

absl::StatusOr<LearnedHabits> DecodeHabits(const v1::HabitsSnapshot& in) {
  LearnedHabits habits;
  WARMUP_RETURN_IF_ERROR(Fill(in.reuse_counts(), habits.reuse_counts));
  WARMUP_RETURN_IF_ERROR(Fill(in.arrival_counts(), habits.arrival_counts));
  return habits;
}

}  // namespace

LearnedBlob EncodeLearned(const PredictorState& state) {
  v1::PredictorSnapshot snapshot;
  for (const LearnedScope& scope : state.scopes) {
    EncodeScope(scope, *snapshot.add_scopes());
  }
  EncodeHabits(state.user_habits, *snapshot.mutable_user_habits());
  EncodeHabits(state.everybody_habits, *snapshot.mutable_everybody_habits());
  snapshot.set_follow_count(state.follow_count);
  snapshot.set_repeat_count(state.repeat_count);
  LearnedBlob blob;
  blob.version = kLearnedVersion;
  blob.snapshot = snapshot.SerializeAsString();
  blob.checksum = Checksum(blob.snapshot);
  return blob;
}

absl::StatusOr<PredictorState> DecodeLearned(const LearnedBlob& blob) {
  if (blob.version > kLearnedVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("learned state has version ", blob.version,
                     ", this daemon reads up to ", kLearnedVersion));
  }
  if (blob.version < 1) return Damaged("its version is not one");
  if (Checksum(blob.snapshot) != blob.checksum) {
    return Damaged("its checksum does not match");
  }
  v1::PredictorSnapshot snapshot;
  if (!snapshot.ParseFromString(blob.snapshot)) {
    return Damaged("it is not a snapshot");
  }
  PredictorState state;
  state.scopes.reserve(static_cast<size_t>(snapshot.scopes_size()));
  for (const v1::ScopeSnapshot& scope : snapshot.scopes()) {
    WARMUP_ASSIGN_OR_RETURN(LearnedScope decoded, DecodeScope(scope));
    state.scopes.push_back(std::move(decoded));
  }
  WARMUP_ASSIGN_OR_RETURN(state.user_habits,
                          DecodeHabits(snapshot.user_habits()));
  WARMUP_ASSIGN_OR_RETURN(state.everybody_habits,
                          DecodeHabits(snapshot.everybody_habits()));
  state.follow_count = snapshot.follow_count();
  state.repeat_count = snapshot.repeat_count();
  return state;
}

std::string EncodeTextMap(const std::map<std::string, std::string>& entries) {
  if (entries.empty()) return "";
  v1::TextMap map;
  for (const auto& [key, value] : entries) {
    v1::TextEntry& entry = *map.add_entries();
    entry.set_key(key);
    entry.set_value(value);
  }
  return map.SerializeAsString();
}

absl::StatusOr<std::map<std::string, std::string>> DecodeTextMap(
    const std::string& bytes) {
  std::map<std::string, std::string> entries;
  if (bytes.empty()) return entries;
  v1::TextMap map;
  if (!map.ParseFromString(bytes)) return Damaged("not a map of texts");
  for (const v1::TextEntry& entry : map.entries()) {
    entries.emplace(entry.key(), entry.value());
  }
  return entries;
}

}  // namespace warmup
