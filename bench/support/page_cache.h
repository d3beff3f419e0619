#ifndef WARMUP_BENCH_SUPPORT_PAGE_CACHE_H_
#define WARMUP_BENCH_SUPPORT_PAGE_CACHE_H_

#include <cstdint>
#include <string>

namespace warmup::bench {

// Takes a file out of the page cache, as far as nobody has it mapped, and
// counts the bytes that stay.
int64_t DropFromPageCache(const std::string& path);
// Has all of it there.
void ReadIntoPageCache(const std::string& path);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_SUPPORT_PAGE_CACHE_H_
