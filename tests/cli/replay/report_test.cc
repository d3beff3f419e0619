#include "clients/cli/replay/report.h"

#include <nlohmann/json.hpp>

#include "tests/cli/replay/some_rows.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

TEST_CASE("ReplayReport: csv has the columns of the protocol's baselines") {
  CHECK(ReplayCsv({SomeRow()}) ==
        "trace,view,budget,B_mib,seed,policy,req,unserv,cold%,late%,stall_s,"
        "blocked_s,mean_stall,p95,p99,loaded_gib,spec_gib,wasted_gib,"
        "loads_per_req,cancels,idle_gibh,occ_gib,us_per_call\n"
        "use,pool,f0.5,4096,1,lru,16,4,18.75,6.25,6,5,0.400,1.50,2.35,1,0,0,"
        "0.312,1,7,2.00,0.2\n");
}

TEST_CASE("ReplayReport: a name with anything in it stays one cell") {
  ReplayRow row = SomeRow();
  row.trace = "a,\"b\"";
  row.is_per_user = true;
  const std::string csv = ReplayCsv({row});
  CHECK(csv.find("\n\"a,\"\"b\"\"\",user,f0.5,") != std::string::npos);
}

TEST_CASE("ReplayReport: json is not rounded, and marks yardsticks") {
  ReplayRow row = SomeRow();
  row.policy = "belady";
  row.sees_future = true;
  const auto json = nlohmann::json::parse(ReplayJson({SomeRow(), row}));
  REQUIRE(json["rows"].size() == 2);
  const auto& first = json["rows"][0];
  CHECK(first["policy"] == "lru");
  CHECK(first["sees_future"] == false);
  CHECK(first["req"].is_number_integer());
  CHECK(first["req"] == 16);
  CHECK(first["cold_percent"] == 18.75);
  CHECK(first["stall_s"] == 6.4);
  CHECK(first["p99"] == Approx(2.345678));
  CHECK(first["spec_gib"] == 0.5);
  CHECK(first["wasted_gib"] == 0.25);
  CHECK(first["occ_gib"] == 2);
  CHECK(json["rows"][1]["sees_future"] == true);
}

TEST_CASE("ReplayReport: the table shows what tells most, unserved included") {
  ReplayRow row = SomeRow();
  row.policy = "belady";
  row.sees_future = true;
  CHECK(ReplayTable({SomeRow(), row}, Style::Plain()) ==
        "use, one machine: 20 requests\n"
        "\n"
        "BUDGET  MEMORY  SEED  POLICY       COLD    LATE  STALL  BLOCKED  "
        "LOADED  WASTED      HELD  UNSERVED\n"
        "f0.5     4 GiB     1  lru       18.75 %  6.25 %    6 s      5 s   "
        "1 GiB   0 GiB  2.00 GiB   20.00 %\n"
        "f0.5     4 GiB     1  belady *  18.75 %  6.25 %    6 s      5 s   "
        "1 GiB   0 GiB  2.00 GiB   20.00 %\n"
        "\n"
        "* sees the future: a yardstick, not a policy\n");
}

TEST_CASE("ReplayReport: where nothing is served nothing is divided by it") {
  ReplayRow row;
  row.trace = "use";
  row.budget = "b1";
  row.policy = "lru";
  row.result.tally.unserved = 3;
  CHECK(ReplayCsv({row}).find("nan") == std::string::npos);
  CHECK(ReplayTable({row}, Style::Plain()).find("100.00 %") !=
        std::string::npos);
}

}  // namespace
}  // namespace warmup::cli
