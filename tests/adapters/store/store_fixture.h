#ifndef WARMUP_TESTS_ADAPTERS_STORE_STORE_FIXTURE_H_
#define WARMUP_TESTS_ADAPTERS_STORE_STORE_FIXTURE_H_

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "adapters/store/sqlite_store.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {

inline std::unique_ptr<SqliteStore> MustOpen(const std::string& path) {
  auto store = SqliteStore::Open(path);
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return *std::move(store);
}

inline StoredState MustLoad(SqliteStore& store) {
  auto state = store.Load();
  INFO(state.status().ToString());
  REQUIRE(state.ok());
  return *std::move(state);
}

inline void MustCommit(SqliteStore& store,
                       const std::vector<StoreChange>& changes) {
  const absl::Status status = store.Commit(changes);
  INFO(status.ToString());
  REQUIRE(status.ok());
}

inline ModelSpec MakeSpec(const std::string& id) {
  ModelSpec spec;
  spec.id = id;
  spec.type = ModelType::kCompletion;
  spec.engine = "files";
  spec.source = "/models/" + id;
  spec.priority = Priority::kHigh;
  spec.is_pinned = true;
  spec.size_bytes = 1 << 20;
  spec.peak_bytes = 1 << 21;
  spec.format = "gguf";
  spec.architecture = "qwen2";
  spec.context_length = 32768;
  spec.labels = {{"owner", "ada"}, {"empty", ""}};
  spec.revision = 3;
  return spec;
}

inline ModelMeasurements MakeMeasurements() {
  return {.cold_load = {7, absl::Nanoseconds(1'234'567'891)},
          .warm_load = {3, absl::Milliseconds(5)},
          .other_load = {2, absl::Seconds(9)},
          .first_answer = {40, absl::Milliseconds(35)},
          .memory_count = 12,
          .steady_bytes = 99,
          .peak_bytes = 120};
}

inline Session MakeSession(const std::string& id) {
  Session session;
  session.id = id;
  session.user = "ada";
  session.client = "vscode 1.95";
  session.workspace = "w";
  session.language = "C++";
  session.roles = {{"chat", "llama3.1:8b"}};
  session.lease = absl::Seconds(60);
  session.started_at = absl::FromUnixNanos(1'700'000'000'123'456'789);
  session.expires_at = session.started_at + session.lease;
  return session;
}

inline Event MakeEvent(uint64_t sequence) {
  Event event;
  event.sequence = sequence;
  event.id = "e-" + std::to_string(sequence);
  event.type = "model.ready";
  event.source = "warmupd";
  event.timestamp = absl::FromUnixNanos(1'700'000'000'000'000'001);
  event.data_json = R"({"model":"m"})";
  event.metadata = {{"k", "v"}};
  return event;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_STORE_STORE_FIXTURE_H_
