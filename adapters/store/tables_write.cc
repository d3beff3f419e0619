#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "adapters/store/compression.h"
#include "adapters/store/tables.h"
#include "adapters/store/text_map.h"
#include "adapters/store/time_columns.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

absl::StatusOr<int64_t> CountUses(Statement& count) {
  WARMUP_ASSIGN_OR_RETURN(const bool has_row, count.Next());
  const int64_t uses = has_row ? count.Int(0) : 0;
  WARMUP_RETURN_IF_ERROR(count.Run());
  return uses;
}

}  // namespace

struct TableWriter::Statements {
  Statement put_model;
  Statement delete_model;
  Statement delete_measurements;
  Statement put_measurements;
  Statement put_session;
  Statement delete_session;
  Statement put_policy;
  Statement put_foresight;
  Statement put_engine;
  Statement append_event;
  Statement trim_events;
  Statement append_use;
  Statement count_uses;
  Statement trim_uses;

  absl::Status Write(const PutModel& change);
  absl::Status Write(const DeleteModel& change);
  absl::Status Write(const PutMeasurements& change);
  absl::Status Write(const PutSession& change);
  absl::Status Write(const DeleteSession& change);
  absl::Status Write(const PutPolicy& change);
  absl::Status Write(const PutForesight& change);
  absl::Status Write(const PutEngine& change);
  absl::Status Write(const AppendEvent& change);
  absl::Status Write(const AppendUse& change);
};

absl::Status TableWriter::Statements::Write(const PutModel& change) {
  const ModelSpec& spec = change.spec;
  const std::string labels = EncodeTextMap(spec.labels);
  return put_model.Bind(spec.id)
      .Bind(ToString(spec.type))
      .Bind(spec.engine)
      .Bind(spec.source)
      .Bind(spec.device)
      .Bind(ToString(spec.priority))
      .Bind(int64_t{spec.is_pinned})
      .Bind(spec.size_bytes)
      .Bind(spec.peak_bytes)
      .Bind(spec.format)
      .Bind(spec.architecture)
      .Bind(spec.context_length)
      .BindBlob(labels)
      .Bind(spec.revision)
      .Run();
}

absl::Status TableWriter::Statements::Write(const DeleteModel& change) {
  WARMUP_RETURN_IF_ERROR(delete_measurements.Bind(change.id).Run());
  return delete_model.Bind(change.id).Run();
}

absl::Status TableWriter::Statements::Write(const PutMeasurements& change) {
  // Only for a model that is there: a load may end after its removal.
  const ModelMeasurements& measured = change.measurements;
  put_measurements.Bind(change.id);
  for (const LearnedTime& learned :
       {measured.cold_load, measured.warm_load, measured.other_load,
        measured.first_answer}) {
    put_measurements.Bind(int64_t{learned.count}).Bind(ToColumn(learned.mean));
  }
  return put_measurements.Bind(int64_t{measured.memory_count})
      .Bind(measured.steady_bytes)
      .Bind(measured.peak_bytes)
      .Run();
}

absl::Status TableWriter::Statements::Write(const PutSession& change) {
  const Session& session = change.session;
  const std::string roles = EncodeTextMap(session.roles);
  return put_session.Bind(session.id)
      .Bind(session.user)
      .Bind(session.client)
      .Bind(session.workspace)
      .Bind(session.language)
      .BindBlob(roles)
      .Bind(ToColumn(session.lease))
      .Bind(ToColumn(session.started_at))
      .Bind(ToColumn(session.expires_at))
      .Run();
}

absl::Status TableWriter::Statements::Write(const DeleteSession& change) {
  return delete_session.Bind(change.id).Run();
}

absl::Status TableWriter::Statements::Write(const PutPolicy& change) {
  const SwitchingPolicy& policy = change.policy;
  return put_policy.Bind(int64_t{policy.max_concurrent_models})
      .Bind(ToColumn(policy.switching_timeout))
      .Bind(int64_t{policy.resource_aware_switching})
      .Bind(int64_t{policy.predictive_preloading})
      .Bind(int64_t{policy.max_concurrent_loads})
      .BindReal(policy.memory_price)
      .Run();
}

absl::Status TableWriter::Statements::Write(const PutForesight& change) {
  return put_foresight.BindBlob(Compress(change.state)).Run();
}

absl::Status TableWriter::Statements::Write(const PutEngine& change) {
  const EngineSpec& spec = change.spec;
  return put_engine.Bind(spec.endpoint)
      .Bind(spec.id)
      .Bind(spec.kind)
      .Bind(spec.token_file)
      .Bind(int64_t{change.is_removed})
      .Run();
}

absl::Status TableWriter::Statements::Write(const AppendEvent& change) {
  const Event& event = change.event;
  const std::string metadata = EncodeTextMap(event.metadata);
  return append_event.Bind(static_cast<int64_t>(event.sequence))
      .Bind(event.id)
      .Bind(event.type)
      .Bind(event.source)
      .Bind(ToColumn(event.timestamp))
      .Bind(event.data_json)
      .BindBlob(metadata)
      .Run();
}

absl::Status TableWriter::Statements::Write(const AppendUse& change) {
  const UseRecord& record = change.record;
  return append_use.Bind(ToColumn(record.at))
      .Bind(record.number)
      .Bind(ToString(record.kind))
      .Bind(record.user)
      .Bind(record.name)
      .Run();
}

TableWriter::TableWriter(std::unique_ptr<Statements> statements, int64_t uses)
    : statements_(std::move(statements)), uses_(uses) {}

TableWriter::~TableWriter() = default;

absl::StatusOr<std::unique_ptr<TableWriter>> TableWriter::Create(
    Database& database) {
  WARMUP_ASSIGN_OR_RETURN(
      Statement put_model,
      database.Prepare("REPLACE INTO models (id, type, engine, source, device,"
                       " priority, is_pinned, size_bytes, peak_bytes, format,"
                       " architecture, context_length, labels, revision)"
                       " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  WARMUP_ASSIGN_OR_RETURN(Statement delete_model,
                          database.Prepare("DELETE FROM models WHERE id = ?"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement delete_measurements,
      database.Prepare("DELETE FROM measurements WHERE model_id = ?"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement put_measurements,
      database.Prepare(
          "REPLACE INTO measurements (model_id, cold_load_count,"
          " cold_load_ns, warm_load_count, warm_load_ns, other_load_count,"
          " other_load_ns, first_answer_count, first_answer_ns, memory_count,"
          " steady_bytes, peak_bytes)"
          " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12"
          " WHERE EXISTS (SELECT 1 FROM models WHERE id = ?1)"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement put_session,
      database.Prepare("REPLACE INTO sessions (id, user, client, workspace,"
                       " language, roles, lease_ns, started_at_unix_ns,"
                       " expires_at_unix_ns) VALUES (?,?,?,?,?,?,?,?,?)"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement delete_session,
      database.Prepare("DELETE FROM sessions WHERE id = ?"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement put_policy,
      database.Prepare("REPLACE INTO policy (only_row, max_concurrent_models,"
                       " switching_timeout_ns, resource_aware_switching,"
                       " predictive_preloading, max_concurrent_loads,"
                       " memory_price) VALUES (1,?,?,?,?,?,?)"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement put_foresight,
      database.Prepare("REPLACE INTO foresight (only_row, state)"
                       " VALUES (1,?)"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement put_engine,
      database.Prepare("REPLACE INTO engines (endpoint, id, kind, token_file,"
                       " is_removed) VALUES (?,?,?,?,?)"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement append_event,
      database.Prepare("REPLACE INTO events (sequence, id, type, source,"
                       " timestamp_unix_ns, data_json, metadata)"
                       " VALUES (?,?,?,?,?,?,?)"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement trim_events,
      database.Prepare(absl::StrCat(
          "DELETE FROM events WHERE sequence < (SELECT sequence FROM events"
          " ORDER BY sequence DESC LIMIT 1 OFFSET ",
          limits::kStoredEvents - 1, ")")));
  WARMUP_ASSIGN_OR_RETURN(
      Statement append_use,
      database.Prepare("REPLACE INTO uses (at_unix_ns, number, kind, user,"
                       " name) VALUES (?,?,?,?,?)"));
  WARMUP_ASSIGN_OR_RETURN(Statement count_uses,
                          database.Prepare("SELECT count(*) FROM uses"));
  WARMUP_ASSIGN_OR_RETURN(
      Statement trim_uses,
      database.Prepare("DELETE FROM uses WHERE (at_unix_ns, number) <"
                       " (SELECT at_unix_ns, number FROM uses"
                       " ORDER BY at_unix_ns, number LIMIT 1 OFFSET ?)"));
  WARMUP_ASSIGN_OR_RETURN(const int64_t uses, CountUses(count_uses));
  return std::unique_ptr<TableWriter>(new TableWriter(
      std::make_unique<Statements>(
          std::move(put_model), std::move(delete_model),
          std::move(delete_measurements), std::move(put_measurements),
          std::move(put_session), std::move(delete_session),
          std::move(put_policy), std::move(put_foresight),
          std::move(put_engine), std::move(append_event),
          std::move(trim_events), std::move(append_use), std::move(count_uses),
          std::move(trim_uses)),
      uses));
}

absl::Status TableWriter::Write(const StoreChange& change) {
  return std::visit([this](const auto& one) { return statements_->Write(one); },
                    change);
}

absl::Status TableWriter::TrimEvents() {
  return statements_->trim_events.Run();
}

absl::Status TableWriter::TrimUses(int64_t added) {
  constexpr auto kMost = static_cast<int64_t>(limits::kStoredUses);
  uses_ += added;
  if (uses_ <= kMost + kMost / 100) return absl::OkStatus();
  // Transactions that failed were counted too.
  WARMUP_ASSIGN_OR_RETURN(uses_, CountUses(statements_->count_uses));
  if (uses_ <= kMost) return absl::OkStatus();
  const int64_t surplus = uses_ - kMost;
  uses_ = kMost;
  return statements_->trim_uses.Bind(surplus).Run();
}

}  // namespace warmup
