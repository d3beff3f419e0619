#include "adapters/trace/trace_file.h"

#include <libfccp/csv.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "adapters/trace/trace_bytes.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using replay::Trace;
using shadow::ItemId;
using shadow::Micros;

constexpr Micros kLastTime = 253'402'300'800'000'000;  // the year 10000
constexpr std::string_view kSession = "session:";
constexpr std::string_view kHint = "hint:";

// Columns that are named in messages.
constexpr char kTime[] = "time_s";
constexpr char kUser[] = "user";
constexpr char kItem[] = "item";
constexpr char kSize[] = "size_mib";
constexpr char kLoad[] = "load_s";

constexpr int64_t kMostMib = limits::kMaxModelBytes >> 20;
constexpr Micros kLongestLoad = Micros{24} * 3600 * 1'000'000;

using Reader = io::CSVReader<5, io::trim_chars<' ', '\t'>,
                             io::double_quote_escape<',', '"'>>;

// Numbers names by their first appearance.
class Numbering {
 public:
  explicit Numbering(std::vector<std::string>& names) : names_(names) {
    for (const std::string& name : names) Add(name);
  }
  int32_t Of(std::string_view name) {
    const auto it = numbers_.find(absl::string_view(name.data(), name.size()));
    if (it != numbers_.end()) return it->second;
    names_.emplace_back(name);
    return Add(names_.back());
  }

 private:
  int32_t Add(const std::string& name) {
    const auto number = static_cast<int32_t>(numbers_.size());
    numbers_.emplace(name, number);
    return number;
  }
  std::vector<std::string>& names_;
  absl::flat_hash_map<std::string, int32_t> numbers_;
};

absl::Status Wrong(const std::string& path, unsigned line,
                   std::string_view column, std::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "TRACE_INVALID",
                   absl::StrCat(path, ", line ", line, ", column ",
                                std::string(column), ": ", std::string(what)),
                   {{"file", path}});
}

// Seconds with any number of decimals, of which six count.
bool ReadMicros(std::string_view text, Micros& micros) {
  Micros seconds = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (text.starts_with('-')) return false;
  const auto whole = std::from_chars(begin, end, seconds);
  if (whole.ec != std::errc() || seconds > kLastTime / 1'000'000) {
    return false;
  }
  std::string_view rest(whole.ptr, static_cast<size_t>(end - whole.ptr));
  micros = seconds * 1'000'000;
  if (rest.empty()) return true;
  if (rest.front() != '.') return false;
  Micros unit = 100'000;
  for (const char digit : rest.substr(1)) {
    if (digit < '0' || digit > '9') return false;
    micros += (digit - '0') * unit;
    unit /= 10;
  }
  return true;
}

class Feed final : public io::ByteSourceBase {
 public:
  explicit Feed(TraceBytes& bytes) : bytes_(bytes) {}
  int read(char* buffer, int size) override {
    return static_cast<int>(bytes_.Read(buffer, static_cast<size_t>(size)));
  }

 private:
  TraceBytes& bytes_;
};

// One row, and what makes it wrong after the row before.
struct Row {
  const char* time = nullptr;
  const char* user = nullptr;
  const char* item = nullptr;
  const char* size = "";  // as if it were empty where there is no such column
  const char* load = "";
  size_t longest_item = limits::kMaxIdBytes;
  Micros at = 0;
  shadow::ItemCost cost;  // of size 0: it is not told

  absl::Status Check(const std::string& path, unsigned line);
  absl::Status CheckCost(const std::string& path, unsigned line);
};

absl::Status Row::Check(const std::string& path, unsigned line) {
  const Micros before = at;
  if (!ReadMicros(time, at)) {
    return Wrong(path, line, kTime,
                 absl::StrCat("\"", std::string(time).substr(0, 40),
                              "\" is no time in seconds since 1970"));
  }
  if (at < before) {
    return Wrong(path, line, kTime, "it is before that of the row above");
  }
  if (*item == '\0') return Wrong(path, line, kItem, "it is empty");
  for (const auto& [column, text, longest] :
       {std::tuple(kUser, user, limits::kMaxIdBytes),
        std::tuple(kItem, item, longest_item)}) {
    if (std::strlen(text) > longest) {
      return Wrong(path, line, column,
                   absl::StrCat("it is longer than ", longest, " bytes"));
    }
  }
  return CheckCost(path, line);
}

absl::Status Row::CheckCost(const std::string& path, unsigned line) {
  cost = {};
  if (*size == '\0' && *load == '\0') return absl::OkStatus();
  const char* const end = size + std::strlen(size);
  const auto mib = std::from_chars(size, end, cost.size);
  if (mib.ec != std::errc() || mib.ptr != end || cost.size < 1 ||
      cost.size > kMostMib) {
    return Wrong(path, line, kSize,
                 absl::StrCat("it is no whole number from 1 to ", kMostMib));
  }
  if (!ReadMicros(load, cost.load) || cost.load > kLongestLoad) {
    return Wrong(path, line, kLoad, "it is no time in seconds up to a day");
  }
  return absl::OkStatus();
}

template <typename Take>
absl::Status ParseRows(const std::string& path, TraceBytes& bytes, Row row,
                       const Take& take) {
  try {
    Reader reader(path, std::make_unique<Feed>(bytes));
    reader.read_header(io::ignore_extra_column | io::ignore_missing_column,
                       kTime, kUser, kItem, kSize, kLoad);
    for (const char* const column : {kTime, kUser, kItem}) {
      if (reader.has_column(column)) continue;
      return MakeError(absl::StatusCode::kInvalidArgument, "TRACE_INVALID",
                       absl::StrCat("Missing column \"", column,
                                    "\" in header of file \"", path, "\"."),
                       {{"file", path}});
    }
    while (reader.read_row(row.time, row.user, row.item, row.size, row.load)) {
      WARMUP_RETURN_IF_ERROR(row.Check(path, reader.get_file_line()));
      take(row);
    }
  } catch (const io::error::base& error) {
    return MakeError(absl::StatusCode::kInvalidArgument, "TRACE_INVALID",
                     error.what(), {{"file", path}});
  }
  return absl::OkStatus();
}

// Hands the rows of a file, made of `row`, to `take(row)`, until one is wrong.
template <typename Take>
absl::Status ReadRows(const std::string& path, const Row& row,
                      const Take& take) {
  WARMUP_ASSIGN_OR_RETURN(const std::unique_ptr<TraceBytes> bytes,
                          TraceBytes::Open(path));
  absl::Status status = ParseRows(path, *bytes, row, take);
  // Where bytes are missing, a row that is cut is no news.
  WARMUP_RETURN_IF_ERROR(bytes->status());
  return status;
}

// The last part of a path without what it is encoded as.
std::string NameOf(const std::string& path) {
  std::string name = std::filesystem::path(path).filename();
  for (const std::string_view end : {".zst", ".csv"}) {
    if (name.ends_with(end)) name.resize(name.size() - end.size());
  }
  return name;
}

void SetCost(Trace& trace, ItemId item, const Row& row) {
  if (row.cost.size == 0) return;
  const auto at = static_cast<size_t>(item);
  if (trace.costs.size() <= at) trace.costs.resize(at + 1);
  trace.costs[at] = row.cost;
}

}  // namespace

absl::StatusOr<Trace> ReadTrace(const std::string& path) {
  Trace trace;
  trace.name = NameOf(path);
  Numbering users(trace.users);
  Numbering items(trace.items);
  WARMUP_RETURN_IF_ERROR(ReadRows(path, {}, [&](const Row& row) {
    trace.requests.push_back({row.at, users.Of(row.user), items.Of(row.item)});
    SetCost(trace, trace.requests.back().item, row);
  }));
  if (trace.requests.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "TRACE_INVALID",
                     absl::StrCat(path, ": it has a header and no row"),
                     {{"file", path}});
  }
  trace.requested_items = trace.items.size();
  return trace;
}

absl::Status ReadContext(const std::string& path, Trace& trace) {
  Numbering users(trace.users);
  Numbering items(trace.items);
  Numbering kinds(trace.kinds);
  constexpr size_t kLongest = limits::kMaxIdBytes + kSession.size();
  return ReadRows(path, {.longest_item = kLongest}, [&](const Row& row) {
    const std::string_view what = row.item;
    shadow::ContextEvent event{.at = row.at, .user = users.Of(row.user)};
    event.is_session = what.starts_with(kSession);
    if (event.is_session || what.starts_with(kHint)) {
      const size_t prefix = event.is_session ? kSession.size() : kHint.size();
      event.announced = items.Of(what.substr(prefix));
      SetCost(trace, event.announced, row);
    } else {
      event.kind = kinds.Of(what);
    }
    trace.context.push_back(event);
  });
}

}  // namespace warmup
