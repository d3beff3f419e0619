#ifndef WARMUP_TESTS_SUPPORT_CATCH_H_
#define WARMUP_TESTS_SUPPORT_CATCH_H_

// The one place that knows which Catch2 is there.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#endif  // WARMUP_TESTS_SUPPORT_CATCH_H_
