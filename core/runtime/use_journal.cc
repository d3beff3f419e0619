#include "core/runtime/use_journal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace warmup {

void UseJournal::Used(absl::Time now, const Usage& usage,
                      std::vector<UseRecord>* out) {
  Add(now, {usage.at, 0, UseKind::kUse, usage.user, usage.model}, out);
}

void UseJournal::Announced(absl::Time now, const Announcement& announcement,
                           UseKind why, std::vector<UseRecord>* out) {
  UseRecord record{announcement.at, 0, why, announcement.user,
                   announcement.model};
  if (IsRepeated(announcement.session, record)) return;
  Add(now, std::move(record), out);
}

void UseJournal::Saw(absl::Time now, const Activity& activity,
                     std::vector<UseRecord>* out) {
  UseRecord record{activity.at, 0, UseKind::kActivity, activity.user,
                   activity.kind};
  if (IsRepeated(activity.session, record)) return;
  Add(now, std::move(record), out);
}

void UseJournal::Add(absl::Time now, UseRecord record,
                     std::vector<UseRecord>* out) {
  // By the clock, so that a restart does not begin again with those numbers
  // that are in the store.
  last_number_ = std::max(last_number_ + 1, absl::ToUnixNanos(now));
  record.number = last_number_;
  out->push_back(std::move(record));
}

bool UseJournal::IsRepeated(const SessionId& session, const UseRecord& record) {
  // None of these but the user may have a space in it.
  const std::string what =
      absl::StrCat(session, " ", std::string(ToString(record.kind)), " ",
                   record.name, " ", record.user);
  const auto it = last_at_.find(what);
  if (it != last_at_.end()) {
    // Reports may come late, and so out of order.
    if (absl::AbsDuration(record.at - it->second) < kPause) return true;
    it->second = std::max(it->second, record.at);
    return false;
  }
  if (last_at_.size() == kMaxRemembered) {
    std::erase_if(last_at_, [&](const auto& entry) {
      return entry.second <= record.at - kPause;
    });
  }
  if (last_at_.size() < kMaxRemembered) last_at_.emplace(what, record.at);
  return false;
}

}  // namespace warmup
