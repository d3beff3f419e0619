#ifndef WARMUP_CORE_BASE_CHECK_H_
#define WARMUP_CORE_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

// For broken invariants of our own, never for bad input: aborts a build
// without NDEBUG and costs nothing in one with it.
#ifdef NDEBUG
#define WARMUP_DCHECK(condition) \
  do {                           \
    (void)sizeof(condition);     \
  } while (false)
#else
#define WARMUP_DCHECK(condition)                                      \
  do {                                                                \
    if (!(condition)) {                                               \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, \
                   __LINE__, #condition);                             \
      std::abort();                                                   \
    }                                                                 \
  } while (false)
#endif

#endif  // WARMUP_CORE_BASE_CHECK_H_
