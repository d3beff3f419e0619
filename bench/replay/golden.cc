// The misses of LRU and GDSF on a block trace whose numbers other
// implementations agree on (libCacheSim's tests): a line for each policy,
// budgets of 128 to 1,024 MiB. bench/replay_baselines knows what is right.
//
//   bench_replay_golden aux_cloudphysics_io.csv.zst

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "adapters/trace/trace_bytes.h"
#include "core/shadow/gdsf.h"
#include "core/shadow/lru.h"
#include "core/shadow/machine.h"

namespace warmup::bench {
namespace {

constexpr int64_t kStep = int64_t{128} << 20;
// Loads never meet, and cost the same.
constexpr shadow::Micros kLoad = 1'000'000;
constexpr shadow::Micros kGap = 10 * kLoad;

struct Blocks {
  std::vector<shadow::ItemId> requests;
  std::vector<shadow::ItemCost> costs;
};

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  auto bytes = TraceBytes::Open(path);
  if (!bytes.ok()) return bytes.status();
  std::string text;
  std::vector<char> buffer(size_t{1} << 20);
  while (const size_t count = (*bytes)->Read(buffer.data(), buffer.size())) {
    text.append(buffer.data(), count);
  }
  if (!(*bytes)->status().ok()) return (*bytes)->status();
  return text;
}

// time_s,user,item,size_bytes
Blocks Parse(const std::string& text) {
  Blocks blocks;
  absl::flat_hash_map<std::string, shadow::ItemId> numbers;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    int64_t size = 0;
    if (cells.size() < 4 || !absl::SimpleAtoi(cells[3], &size)) continue;
    const auto [number, is_new] = numbers.try_emplace(
        cells[2], static_cast<shadow::ItemId>(blocks.costs.size()));
    if (is_new) blocks.costs.push_back({size, kLoad});
    blocks.requests.push_back(number->second);
  }
  return blocks;
}

template <typename Policy>
void PrintMisses(const char* name, const Blocks& blocks) {
  std::printf("%s", name);
  for (int64_t steps = 1; steps <= 8; ++steps) {
    shadow::Machine machine({.budget = steps * kStep}, blocks.costs);
    Policy policy(machine);
    machine.set_policy(policy);
    shadow::Micros now = 0;
    for (const shadow::ItemId item : blocks.requests) {
      machine.Handle(shadow::Request{now += kGap, 0, item});
    }
    machine.Finish();
    std::printf(" %ld", static_cast<long>(machine.tally().cold));
  }
  std::printf("\n");
}

int Run(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadAll(path);
  if (!text.ok()) {
    std::fprintf(stderr, "%s\n", text.status().ToString().c_str());
    return 1;
  }
  const Blocks blocks = Parse(*text);
  PrintMisses<shadow::Lru>("lru", blocks);
  PrintMisses<shadow::Gdsf>("gdsf", blocks);
  return 0;
}

}  // namespace
}  // namespace warmup::bench

int main(int argc, char* argv[]) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s TRACE\n", argv[0]);
    return 2;
  }
  return warmup::bench::Run(argv[1]);
}
