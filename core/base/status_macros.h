#ifndef WARMUP_CORE_BASE_STATUS_MACROS_H_
#define WARMUP_CORE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Abseil's 2022 release has no status macros; these are the usual two.
#define WARMUP_RETURN_IF_ERROR(expr)                  \
  do {                                                \
    absl::Status warmup_status_macro_status = (expr); \
    if (!warmup_status_macro_status.ok()) {           \
      return warmup_status_macro_status;              \
    }                                                 \
  } while (false)

#define WARMUP_STATUS_CONCAT_INNER(a, b) a##b
#define WARMUP_STATUS_CONCAT(a, b) WARMUP_STATUS_CONCAT_INNER(a, b)
#define WARMUP_ASSIGN_OR_RETURN(lhs, expr) \
  WARMUP_ASSIGN_OR_RETURN_IMPL(            \
      WARMUP_STATUS_CONCAT(warmup_statusor_, __LINE__), lhs, expr)
// `lhs` may declare a variable, so it takes no parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define WARMUP_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                                 \
  if (!tmp.ok()) return std::move(tmp).status();     \
  lhs = *std::move(tmp)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // WARMUP_CORE_BASE_STATUS_MACROS_H_
