#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/store/compression.h"
#include "adapters/store/tables.h"
#include "adapters/store/text_map.h"
#include "adapters/store/time_columns.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// The enumerator of [first, last] with this name.
template <typename Enum>
std::optional<Enum> Named(const std::string& name, Enum first, Enum last) {
  for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i) {
    if (ToString(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

void WarnLeftOut(StoredState& state, absl::string_view what,
                 const std::string& id, absl::string_view why) {
  state.warnings.push_back(
      absl::StrCat("store: ", what, " \"", id, "\" left out: ", why));
}

// From the column on; NULLs read as zeros: never measured.
LearnedTime ReadLearnedTime(const Statement& row, int column) {
  return {.count = static_cast<int>(row.Int(column)),
          .mean = DurationFromColumn(row.Int(column + 1))};
}

bool IsModelBytes(int64_t bytes) {
  return bytes >= 0 && bytes <= limits::kMaxModelBytes;
}

bool IsSane(const LearnedTime& learned) {
  return learned.count >= 0 && learned.mean >= absl::ZeroDuration() &&
         learned.mean < absl::InfiniteDuration();
}

// What nobody wrote counts as never measured.
ModelMeasurements ReadMeasurements(const Statement& row, int column) {
  ModelMeasurements measured;
  measured.cold_load = ReadLearnedTime(row, column);
  measured.warm_load = ReadLearnedTime(row, column + 2);
  measured.other_load = ReadLearnedTime(row, column + 4);
  measured.first_answer = ReadLearnedTime(row, column + 6);
  measured.memory_count = static_cast<int>(row.Int(column + 8));
  measured.steady_bytes = row.Int(column + 9);
  measured.peak_bytes = row.Int(column + 10);
  const bool is_sane =
      IsSane(measured.cold_load) && IsSane(measured.warm_load) &&
      IsSane(measured.other_load) && IsSane(measured.first_answer) &&
      measured.memory_count >= 0 && IsModelBytes(measured.steady_bytes) &&
      IsModelBytes(measured.peak_bytes);
  return is_sane ? measured : ModelMeasurements{};
}

void ReadModel(const Statement& row, StoredState& state) {
  StoredState::Model model;
  ModelSpec& spec = model.spec;
  spec.id = row.Text(0);
  const auto type =
      Named(row.Text(1), ModelType::kUnspecified, ModelType::kCustom);
  spec.engine = row.Text(2);
  spec.source = row.Text(3);
  spec.device = row.Text(4);
  const auto priority = Named(row.Text(5), Priority::kLow, Priority::kCritical);
  spec.is_pinned = row.Int(6) != 0;
  spec.size_bytes = row.Int(7);
  spec.peak_bytes = row.Int(8);
  spec.format = row.Text(9);
  spec.architecture = row.Text(10);
  spec.context_length = row.Int(11);
  auto labels = DecodeTextMap(row.Blob(12));
  spec.revision = row.Int(13);
  if (!type || !priority || !labels.ok() || spec.revision < 1) {
    return WarnLeftOut(state, "model", spec.id, "its row is damaged");
  }
  spec.type = *type;
  spec.priority = *priority;
  spec.labels = *std::move(labels);
  if (const absl::Status status = ValidateSpec(spec); !status.ok()) {
    return WarnLeftOut(state, "model", spec.id, status.message());
  }
  model.measurements = ReadMeasurements(row, 14);
  state.models.push_back(std::move(model));
}

absl::Status ReadModels(Database& database, StoredState& state) {
  WARMUP_ASSIGN_OR_RETURN(
      Statement rows,
      database.Prepare(
          "SELECT id, type, engine, source, device, priority, is_pinned,"
          " size_bytes, models.peak_bytes, format, architecture, "
          "context_length,"
          " labels, revision, cold_load_count, cold_load_ns,"
          " warm_load_count, warm_load_ns, other_load_count, other_load_ns,"
          " first_answer_count, first_answer_ns, memory_count, steady_bytes,"
          " measurements.peak_bytes"
          " FROM models LEFT JOIN measurements ON model_id = id"
          " ORDER BY id"));
  while (true) {
    WARMUP_ASSIGN_OR_RETURN(const bool has_row, rows.Next());
    if (!has_row) return absl::OkStatus();
    ReadModel(rows, state);
  }
}

absl::Status ReadSessions(Database& database, StoredState& state) {
  WARMUP_ASSIGN_OR_RETURN(
      Statement rows,
      database.Prepare("SELECT id, user, client, workspace, language, roles,"
                       " lease_ns, started_at_unix_ns, expires_at_unix_ns"
                       " FROM sessions ORDER BY id"));
  while (true) {
    WARMUP_ASSIGN_OR_RETURN(const bool has_row, rows.Next());
    if (!has_row) return absl::OkStatus();
    Session session;
    session.id = rows.Text(0);
    session.user = rows.Text(1);
    session.client = rows.Text(2);
    session.workspace = rows.Text(3);
    session.language = rows.Text(4);
    auto roles = DecodeTextMap(rows.Blob(5));
    session.lease = DurationFromColumn(rows.Int(6));
    session.started_at = TimeFromColumn(rows.Int(7));
    session.expires_at = TimeFromColumn(rows.Int(8));
    if (!roles.ok() || !ValidateId("session.id", session.id).ok() ||
        session.lease <= absl::ZeroDuration()) {
      WarnLeftOut(state, "session", session.id, "its row is damaged");
      continue;
    }
    session.roles = *std::move(roles);
    state.sessions.push_back(std::move(session));
  }
}

absl::Status ReadPolicy(Database& database, StoredState& state) {
  WARMUP_ASSIGN_OR_RETURN(
      Statement rows,
      database.Prepare("SELECT max_concurrent_models, switching_timeout_ns,"
                       " resource_aware_switching, predictive_preloading,"
                       " max_concurrent_loads, memory_price FROM policy"));
  WARMUP_ASSIGN_OR_RETURN(const bool has_row, rows.Next());
  if (!has_row) return absl::OkStatus();
  SwitchingPolicy policy;
  policy.max_concurrent_models = static_cast<int>(rows.Int(0));
  policy.switching_timeout = DurationFromColumn(rows.Int(1));
  policy.resource_aware_switching = rows.Int(2) != 0;
  policy.predictive_preloading = rows.Int(3) != 0;
  policy.max_concurrent_loads = static_cast<int>(rows.Int(4));
  policy.memory_price = rows.Real(5);
  if (const absl::Status status = ValidatePolicy(policy); status.ok()) {
    state.policy = policy;
  } else {
    WarnLeftOut(state, "policy", "switching", status.message());
  }
  return absl::OkStatus();
}

absl::Status ReadForesight(Database& database, StoredState& state) {
  WARMUP_ASSIGN_OR_RETURN(Statement rows,
                          database.Prepare("SELECT state FROM foresight"));
  WARMUP_ASSIGN_OR_RETURN(const bool has_row, rows.Next());
  if (!has_row) return absl::OkStatus();
  auto bytes = Decompress(rows.Blob(0));
  if (bytes.ok()) {
    state.foresight = *std::move(bytes);
  } else {
    state.warnings.push_back(
        absl::StrCat("store: what foresight has learned is damaged: ",
                     bytes.status().message(), "; it begins anew"));
  }
  return absl::OkStatus();
}

absl::Status ReadEngines(Database& database, StoredState& state) {
  WARMUP_ASSIGN_OR_RETURN(
      Statement rows,
      database.Prepare("SELECT endpoint, id, kind, token_file, is_removed"
                       " FROM engines ORDER BY endpoint"));
  while (true) {
    WARMUP_ASSIGN_OR_RETURN(const bool has_row, rows.Next());
    if (!has_row) return absl::OkStatus();
    PutEngine engine{.spec = {.id = rows.Text(1),
                              .kind = rows.Text(2),
                              .endpoint = rows.Text(0),
                              .token_file = rows.Text(3)},
                     .is_removed = rows.Int(4) != 0};
    if (!ValidateId("engine.id", engine.spec.id).ok()) {
      WarnLeftOut(state, "engine", engine.spec.id, "its row is damaged");
      continue;
    }
    state.engines.push_back(std::move(engine));
  }
}

absl::Status ReadEvents(Database& database, StoredState& state) {
  WARMUP_ASSIGN_OR_RETURN(
      Statement rows,
      database.Prepare("SELECT sequence, id, type, source, timestamp_unix_ns,"
                       " data_json, metadata FROM events ORDER BY sequence"));
  while (true) {
    WARMUP_ASSIGN_OR_RETURN(const bool has_row, rows.Next());
    if (!has_row) return absl::OkStatus();
    Event event;
    event.sequence = static_cast<uint64_t>(rows.Int(0));
    event.id = rows.Text(1);
    event.type = rows.Text(2);
    event.source = rows.Text(3);
    event.timestamp = TimeFromColumn(rows.Int(4));
    event.data_json = rows.Text(5);
    auto metadata = DecodeTextMap(rows.Blob(6));
    if (!metadata.ok() || rows.Int(0) < 1) {
      WarnLeftOut(state, "event", event.id, "its row is damaged");
      continue;
    }
    event.metadata = *std::move(metadata);
    state.last_event_sequence = event.sequence;
    state.events.push_back(std::move(event));
  }
}

}  // namespace

absl::StatusOr<StoredState> ReadTables(Database& database) {
  StoredState state;
  WARMUP_RETURN_IF_ERROR(ReadModels(database, state));
  WARMUP_RETURN_IF_ERROR(ReadSessions(database, state));
  WARMUP_RETURN_IF_ERROR(ReadPolicy(database, state));
  WARMUP_RETURN_IF_ERROR(ReadForesight(database, state));
  WARMUP_RETURN_IF_ERROR(ReadEngines(database, state));
  WARMUP_RETURN_IF_ERROR(ReadEvents(database, state));
  return state;
}

}  // namespace warmup
