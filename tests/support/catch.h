#ifndef WARMUP_TESTS_SUPPORT_CATCH_H_
#define WARMUP_TESTS_SUPPORT_CATCH_H_

// The one place that knows which Catch2 is there: version 2 is one header,
// version 3 a library that moved some names. Tests use the names of version 2.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#include <string>

using Catch::Approx;  // NOLINT(google-global-names-in-headers)

namespace Catch {
inline auto Contains(const std::string& text) {
  return Matchers::ContainsSubstring(text);
}
using Matchers::EndsWith;
using Matchers::Equals;
using Matchers::StartsWith;
}  // namespace Catch
#else
#include <catch2/catch.hpp>
#endif

#endif  // WARMUP_TESTS_SUPPORT_CATCH_H_
