#ifndef WARMUP_CORE_RUNTIME_USE_JOURNAL_H_
#define WARMUP_CORE_RUNTIME_USE_JOURNAL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/ports/use_log.h"
#include "core/runtime/facts.h"

namespace warmup {

// Makes the lines of the log of use: numbers them, and of what comes many times
// a second (typing) keeps one in kPause. Sans-I/O, not thread-safe, bounded.
class UseJournal {
 public:
  // Between two lines that differ in nothing but their time.
  static constexpr absl::Duration kPause = absl::Seconds(2);
  // Of how many that is remembered; a flood of different ones is all kept.
  static constexpr size_t kMaxRemembered = 1'000;

  // Each use is a line.
  void Used(absl::Time now, const Usage& usage, std::vector<UseRecord>* out);
  // By a session that binds it (kSession), or otherwise (kHint).
  void Announced(absl::Time now, const Announcement& announcement, UseKind why,
                 std::vector<UseRecord>* out);
  // What announces nothing.
  void Saw(absl::Time now, const Activity& activity,
           std::vector<UseRecord>* out);

 private:
  void Add(absl::Time now, UseRecord record, std::vector<UseRecord>* out);
  bool IsRepeated(const SessionId& session, const UseRecord& record);

  int64_t last_number_ = 0;
  // By what makes a line: the time of the last one.
  std::map<std::string, absl::Time> last_at_;
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_USE_JOURNAL_H_
