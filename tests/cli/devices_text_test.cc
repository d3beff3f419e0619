#include "clients/cli/devices_text.h"

#include <google/protobuf/text_format.h>

#include <string>

#include "absl/strings/str_join.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

using Catch::Contains;

std::string TextOf(const std::string& list) {
  v1::ListDevicesResponse response;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(list, &response));
  return absl::StrJoin(DevicesText(response, Style::Plain()), "\n");
}

TEST_CASE("DevicesText: draws who holds how much of a device") {
  CHECK(TextOf(R"(devices { device_id: "host" name: "Tiny CPU" cores: 1.5
                            memory { takes_models: true budget_bytes: 4096
                                     used_bytes: 1024 reserve_bytes: 512
                                     total_bytes: 10240 free_bytes: 6144 }
                            pressure { cpu: 0.1 memory: 0 io: 1 } })") ==
        "host · Tiny CPU · 1.5 processors\n"
        "  ▕████▒▒▒▒▒▒▒▒▒▒▒▒                      ░░▏  "
        "█ models 1 KiB · ▒ others 3 KiB · free 6 KiB of 10 KiB\n"
        "  models may hold 4 KiB; a guess leaves ░ 512 B free\n"
        "  waited for: processor 10 %, memory 0 %, disk 100 % of the last "
        "10 s");
}

TEST_CASE("DevicesText: says what a GPU tells, and nothing else") {
  const std::string text = TextOf(
      R"(devices { device_id: "gpu0" name: "Tiny GPU" uuid: "GPU-1" busy: 0.25
                   problem: "it was lost"
                   link { generation: 5 width: 16
                          received_bytes_per_second: 2048 }
                   memory { total_bytes: 4096 free_bytes: 4096 }
                   processes { pid: 1 bytes: 10 } processes { pid: 2 bytes: 20 }
                   fault_count: 1 }
         devices { device_id: "gpu1" })");
  CHECK_THAT(text, Contains("gpu0 · Tiny GPU · PCIe 5 x16 · GPU-1\n"
                            "  it was lost\n"));
  CHECK_THAT(text, Contains("no models are placed on it"));
  CHECK_THAT(text, Contains("computes 25 % of the time · receives 2 KiB/s · 1 "
                            "fault\n  processes: 2 (20 B), 1 (10 B)\n"));
  CHECK_THAT(text, Contains("\n\ngpu1\n  its memory cannot be measured"));
}

TEST_CASE("DevicesText: never draws beyond the bar") {
  // The ledger may hold more than was measured, or than there is.
  const std::string text = TextOf(
      R"(devices { device_id: "host"
                   memory { takes_models: true used_bytes: 9e9
                            reserve_bytes: 5e9 total_bytes: 1000
                            free_bytes: 2000 } })");
  CHECK_THAT(text, Contains("▕████████████████████████████████████████▏"));
}

TEST_CASE("DevicesText: why none are seen comes last") {
  CHECK(TextOf(R"(not_seen { reason: "NO_DRIVER" message: "no driver" })") ==
        "no driver");
}

}  // namespace
}  // namespace warmup::cli
