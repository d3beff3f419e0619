#ifndef WARMUP_ADAPTERS_HOST_PROC_FILE_H_
#define WARMUP_ADAPTERS_HOST_PROC_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Reading the text files of /proc and /sys.
namespace warmup::proc_file {

// Of a file that cannot be read, nothing; at most `max_bytes`.
std::string Read(const std::string& path, size_t max_bytes = size_t{64} << 10);
// The number at the start of `text`, after spaces; nothing if there is none
// or it is negative or too large.
std::optional<int64_t> ParseCount(std::string_view text);
// The number behind `key`, which is at a line's start.
std::optional<int64_t> CountAfter(std::string_view text, std::string_view key);
// The same in bytes, where the file has kibibytes.
std::optional<int64_t> KibibytesAfter(std::string_view text,
                                      std::string_view key);

}  // namespace warmup::proc_file

#endif  // WARMUP_ADAPTERS_HOST_PROC_FILE_H_
