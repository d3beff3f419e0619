// WarmupService.ExportUsage over a real socket, with a fake store behind it.

#include <string>
#include <vector>

#include "core/base/limits.h"
#include "tests/server/served_runtime.h"

namespace warmup {
namespace {

struct ServedLog {
  ServedLog() { Register(client, "m"); }

  void Use(int count = 1) {
    v1::RecordUsageRequest request;
    for (int i = 0; i < count; ++i) request.add_usages()->set_model_id("m");
    client.Ask(&Warmup::RecordUsage, request).Must();
  }
  AnswerStream<v1::ExportUsageResponse> Open(const std::string& request = "") {
    return client.Open(&Warmup::ExportUsage, request);
  }
  std::vector<v1::UsageRecord> Export(const std::string& request = "") {
    auto stream = Open(request);
    std::vector<v1::UsageRecord> records;
    while (const auto part = stream.Next()) {
      CHECK(part->records_size() > 0);
      records.insert(records.end(), part->records().begin(),
                     part->records().end());
    }
    INFO(stream.Finish().error_message());
    CHECK(stream.Finish().ok());
    return records;
  }

  ServedRuntime served{/*is_instant=*/true};
  Client client{served.address()};
};

TEST_CASE("ExportUsage: what was told a moment ago is there, kind by kind") {
  ServedLog log;
  log.client
      .Ask(&Warmup::StartWarmupSession,
           "session { session_id: 's' user_id: 'ann'"
           " roles { key: 'chat' value: 'm' } }")
      .Must();
  log.client
      .Ask(&Warmup::ReportActivity,
           "activities { kind: 'typing' session_id: 's' }"
           "activities { kind: 'panel' session_id: 's' model_id: 'm' }")
      .Must();
  log.Use();
  const auto records = log.Export("include_context: true");
  REQUIRE(records.size() == 4);
  const auto check = [&](size_t i, v1::UsageRecordType type,
                         const std::string& user, const std::string& model,
                         const std::string& kind) {
    CHECK(records[i].record_type() == type);
    CHECK(records[i].user_id() == user);
    CHECK(records[i].model_id() == model);
    CHECK(records[i].activity_kind() == kind);
    CHECK(records[i].timestamp().seconds() > 1'700'000'000);
  };
  check(0, v1::USAGE_RECORD_TYPE_SESSION, "ann", "m", "");
  check(1, v1::USAGE_RECORD_TYPE_ACTIVITY, "ann", "", "typing");
  check(2, v1::USAGE_RECORD_TYPE_HINT, "ann", "m", "");
  check(3, v1::USAGE_RECORD_TYPE_USE, "", "m", "");
  CHECK(log.Export().size() == 1);
  CHECK(log.Export("since { seconds: 4000000000 }").empty());
  CHECK(log.Export("until { seconds: 1700000000 }").empty());
}

TEST_CASE("ExportUsage: a long log comes in parts, each record once") {
  ServedLog log;
  constexpr size_t kCount = 2 * limits::kMaxUsesPerMessage;
  for (size_t i = 0; i < kCount / 1000; ++i) log.Use(1000);
  CHECK(log.Export().size() == kCount);
  log.Use(7);
  CHECK(log.Export().size() == kCount + 7);
}

TEST_CASE("ExportUsage: a log that cannot be read ends the stream") {
  ServedLog log;
  log.served.store.FailReadsWith(absl::DataLossError("damaged"));
  const grpc::Status status = log.Open().Finish();
  CHECK(status.error_code() == grpc::StatusCode::DATA_LOSS);
  CheckInvalid(log.Open("since { nanos: -1 }").Finish(), "since");
  CheckInvalid(log.Open("until { nanos: -1 }").Finish(), "until");
}

TEST_CASE("ExportUsage: the number of readers is bounded, and they may leave") {
  ServedLog log;
  log.served.store.Hang();
  log.Use();
  std::vector<AnswerStream<v1::ExportUsageResponse>> readers;
  for (size_t i = 0; i < limits::kMaxUsageExports; ++i) {
    readers.push_back(log.Open());
  }
  // They are accepted in any order, this one among them.
  readers.push_back(log.Open());
  grpc::Status refused;
  REQUIRE(Eventually([&] {
    auto another = log.Open();
    refused = another.Finish();
    return refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
  }));
  CheckError(refused, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_EXPORTS");
  readers.clear();  // what they wait for comes to nobody
  log.served.store.Resume();
  REQUIRE(Eventually([&] {
    auto again = log.Open();
    return again.Finish().ok();
  }));
}

TEST_CASE("ExportUsage: a stop ends those who read") {
  ServedLog log;
  constexpr size_t kCount = 10 * limits::kMaxUsesPerMessage;
  for (size_t i = 0; i < kCount / 1000 / 2; ++i) log.Use(1000);
  auto stream = log.Open();
  CHECK(stream.Next().has_value());
  log.served.Stop();
  const grpc::StatusCode code = stream.Finish().error_code();
  // It may have been written whole already.
  CHECK(
      (code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::OK));
}

}  // namespace
}  // namespace warmup
