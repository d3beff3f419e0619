#include "core/session/session_table.h"

#include <limits>
#include <string>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Session MakeSession(const std::string& id) {
  Session session;
  session.id = id;
  session.user = "ada";
  session.roles = {{"completion", "qwen2.5-coder:1.5b"}};
  session.lease = absl::Seconds(30);
  return session;
}

std::string FieldOf(const absl::Status& status) {
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return GetErrorDetails(status).metadata["field"];
}

TEST_CASE("SessionTable: a started session lives for its lease") {
  SessionTable table;
  const auto started = table.Start(kStart, MakeSession("s"));
  REQUIRE(started.ok());
  CHECK(started->started_at == kStart);
  CHECK(started->expires_at == kStart + absl::Seconds(30));
  CHECK(table.NextExpiry() == started->expires_at);
  CHECK(table.Expire(started->expires_at - absl::Nanoseconds(1)).empty());
  CHECK(table.Expire(started->expires_at).size() == 1);
  CHECK(table.size() == 0);
  CHECK(table.NextExpiry() == absl::InfiniteFuture());
}

TEST_CASE("SessionTable: a lease of zero means the default") {
  SessionTable table;
  Session session = MakeSession("s");
  session.lease = absl::ZeroDuration();
  const auto started = table.Start(kStart, session);
  REQUIRE(started.ok());
  CHECK(started->lease == limits::kDefaultSessionLease);
}

TEST_CASE("SessionTable: keeping alive renews the lease and the roles") {
  SessionTable table;
  REQUIRE(table.Start(kStart, MakeSession("s")).ok());
  const absl::Time later = kStart + absl::Seconds(20);
  const auto kept = table.KeepAlive(later, "s", std::nullopt);
  REQUIRE(kept.ok());
  CHECK(kept->expires_at == later + absl::Seconds(30));
  CHECK(kept->started_at == kStart);
  CHECK(kept->roles.at("completion") == "qwen2.5-coder:1.5b");
  const auto changed = table.KeepAlive(later, "s", {{{"chat", "llama3.1:8b"}}});
  REQUIRE(changed.ok());
  CHECK(changed->roles ==
        std::map<std::string, ModelId>{{"chat", "llama3.1:8b"}});
  CHECK(*table.Find("s") == *changed);
  // The old expiry is gone.
  CHECK(table.Expire(kStart + absl::Seconds(30)).empty());
}

TEST_CASE("SessionTable: a refused change changes nothing") {
  SessionTable table;
  const auto started = table.Start(kStart, MakeSession("s"));
  REQUIRE(started.ok());
  CHECK(FieldOf(table
                    .KeepAlive(kStart + absl::Seconds(1), "s",
                               {{{"chat", "not a model"}}})
                    .status()) == "session.roles");
  CHECK(*table.Find("s") == *started);
  const auto again = table.Start(kStart, MakeSession("s"));
  CHECK(again.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(GetErrorDetails(again.status()).metadata["session"] == "s");
}

TEST_CASE("SessionTable: an ended or unknown session is not found") {
  SessionTable table;
  REQUIRE(table.Start(kStart, MakeSession("s")).ok());
  const absl::Time end = kStart + absl::Seconds(30);
  CHECK(table.KeepAlive(end, "s", std::nullopt).status().code() ==
        absl::StatusCode::kNotFound);
  const auto unknown = table.KeepAlive(kStart, "t", std::nullopt).status();
  CHECK(unknown.code() == absl::StatusCode::kNotFound);
  CHECK(unknown.message().find("\"t\"") != absl::string_view::npos);
  CHECK(table.Stop("t").status().code() == absl::StatusCode::kNotFound);
  // Its place is free for a window that comes back.
  CHECK(table.Start(end, MakeSession("s")).ok());
  CHECK(table.size() == 1);
  CHECK(table.Stop("s")->id == "s");
  CHECK(table.NextExpiry() == absl::InfiniteFuture());
}

TEST_CASE("SessionTable: bad fields are refused by name") {
  SessionTable table;
  const auto field = [&table](auto change) {
    Session session = MakeSession("s");
    change(session);
    return FieldOf(table.Start(kStart, session).status());
  };
  const std::string long_text(limits::kMaxIdBytes + 1, 'x');
  CHECK(field([](Session& s) { s.id = ""; }) == "session.session_id");
  CHECK(field([&](Session& s) { s.id = long_text; }) == "session.session_id");
  CHECK(field([&](Session& s) { s.user = long_text; }) == "session.user_id");
  CHECK(field([&](Session& s) { s.client = long_text; }) == "session.client");
  CHECK(field([&](Session& s) { s.workspace = long_text; }) ==
        "session.workspace");
  CHECK(field([&](Session& s) { s.language = long_text; }) ==
        "session.language");
  CHECK(field([](Session& s) { s.lease = absl::Seconds(-1); }) ==
        "session.lease");
  CHECK(field([](Session& s) { s.lease = absl::InfiniteDuration(); }) ==
        "session.lease");
  CHECK(field([](Session& s) { s.lease = absl::Milliseconds(999); }) ==
        "session.lease");
  CHECK(field([](Session& s) {
          s.lease = absl::Seconds(std::numeric_limits<double>::quiet_NaN());
        }) == "session.lease");
  CHECK(field([](Session& s) { s.roles[""] = "m"; }) == "session.roles");
  CHECK(field([](Session& s) {
          for (size_t i = 0; i < limits::kMaxRolesPerSession; ++i) {
            s.roles["role" + std::to_string(i)] = "m";
          }
        }) == "session.roles");
  CHECK(table.size() == 0);
}

TEST_CASE("SessionTable: refuses more sessions than the limit, by name") {
  SessionTable table;
  for (size_t i = 0; i < limits::kMaxSessions; ++i) {
    REQUIRE(table.Start(kStart, MakeSession(std::to_string(i))).ok());
  }
  const auto refused = table.Start(kStart, MakeSession("more")).status();
  CHECK(refused.code() == absl::StatusCode::kResourceExhausted);
  CHECK(GetErrorDetails(refused).metadata["limit"] == "kMaxSessions");
  REQUIRE(table.Stop("7").ok());
  CHECK(table.Start(kStart, MakeSession("more")).ok());
}

TEST_CASE("SessionTable: expires in the order in which leases end") {
  SessionTable table;
  for (const int lease : {40, 10, 30, 20}) {
    Session session = MakeSession(std::to_string(lease));
    session.lease = absl::Seconds(lease);
    REQUIRE(table.Start(kStart, session).ok());
  }
  CHECK(table.NextExpiry() == kStart + absl::Seconds(10));
  const auto expired = table.Expire(kStart + absl::Seconds(30));
  REQUIRE(expired.size() == 3);
  CHECK(expired[0].id == "10");
  CHECK(expired[2].id == "30");
  CHECK(table.List().size() == 1);
}

TEST_CASE("SessionTable: a restored session keeps its times") {
  SessionTable table;
  Session session = MakeSession("old");
  session.started_at = kStart - absl::Hours(2);
  session.expires_at = kStart - absl::Hours(1);
  table.Restore(session);
  table.Restore(session);
  CHECK(*table.Find("old") == session);
  CHECK(table.NextExpiry() == session.expires_at);
  const auto expired = table.Expire(kStart);
  REQUIRE(expired.size() == 1);
  CHECK(expired[0] == session);
}

}  // namespace
}  // namespace warmup
