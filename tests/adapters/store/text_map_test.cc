#include "adapters/store/text_map.h"

#include "tests/support/catch.h"

namespace warmup {
namespace {

TEST_CASE("TextMap: round trip, and nothing for an empty one") {
  const std::map<std::string, std::string> entries = {{"a", ""}, {"b", "x"}};
  CHECK(EncodeTextMap({}).empty());
  CHECK(*DecodeTextMap(EncodeTextMap(entries)) == entries);
  CHECK_FALSE(DecodeTextMap("\xff\xff").ok());
}

}  // namespace
}  // namespace warmup
