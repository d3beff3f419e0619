#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "adapters/engines/files/gguf_header.h"
#include "adapters/engines/files/safetensors_header.h"
#include "tests/adapters/engines/files/header_samples.h"
#include "tests/support/catch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace warmup {
namespace {

constexpr int kMutations = 20'000;

// Feeds a copy of exactly that size, so that ASan sees the first byte too far.
void Feed(const std::string& bytes) {
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

bool IsAccepted(const std::string& bytes) {
  MemorySource gguf(bytes);
  MemorySource safetensors(bytes);
  return ReadGgufHeader(gguf).ok() || ReadSafetensorsHeader(safetensors).ok();
}

std::string Mutate(std::string bytes, std::mt19937_64& random) {
  const auto pick = [&](size_t below) { return random() % below; };
  for (size_t count = 1 + pick(4); count > 0 && !bytes.empty(); --count) {
    const size_t at = pick(bytes.size());
    switch (pick(6)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << pick(8)));
        break;
      case 2:
        bytes.erase(at, 1 + pick(16));
        break;
      case 3:
        bytes.insert(at, 1 + pick(16), static_cast<char>(random()));
        break;
      case 4: {  // a number that is interesting for lengths
        constexpr uint64_t kNumbers[] = {0,
                                         1,
                                         0x7f,
                                         0xff,
                                         0xffff,
                                         uint64_t{1} << 31,
                                         uint64_t{1} << 32,
                                         uint64_t{1} << 62,
                                         uint64_t{1} << 63,
                                         ~uint64_t{0}};
        const uint64_t number = kNumbers[pick(std::size(kNumbers))];
        bytes.replace(at, sizeof(number),
                      reinterpret_cast<const char*>(&number), sizeof(number));
        break;
      }
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("Headers: 40,000 mutations are read or refused, never worse") {
  for (const std::string& sample :
       {SampleGguf().Bytes(), SampleSafetensors()}) {
    int accepted = 0;
    for (int seed = 0; seed < kMutations; ++seed) {
      std::mt19937_64 random(static_cast<uint64_t>(seed));
      const std::string bytes = Mutate(sample, random);
      Feed(bytes);
      if (IsAccepted(bytes)) ++accepted;
    }
    // They reach beyond the first check, and are not all harmless.
    CHECK(accepted > kMutations / 100);
    CHECK(accepted < kMutations / 2);
  }
}

TEST_CASE("Headers: cut off at any length they are refused") {
  const std::string gguf = SampleGguf().Bytes();
  const std::string safetensors = SampleSafetensors();
  for (size_t length = 0; length < gguf.size(); ++length) {
    const std::string part = gguf.substr(0, length);
    Feed(part);
    CHECK_FALSE(IsAccepted(part));
  }
  for (size_t length = 0; length < safetensors.size(); ++length) {
    const std::string part = safetensors.substr(0, length);
    Feed(part);
    CHECK_FALSE(IsAccepted(part));
  }
}

TEST_CASE("Headers: noise is refused") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string noise(random() % 300, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    for (const std::string& bytes :
         {noise, "GGUF\x03" + std::string(3, '\0') + noise}) {
      Feed(bytes);
      CHECK_FALSE(IsAccepted(bytes));
    }
  }
}

}  // namespace warmup
