#include "server/usage_export.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "server/convert.h"

namespace warmup {

class UsageExports::Export final : public Call {
 public:
  explicit Export(UsageExports& exports)
      : Call(exports.metrics_, exports.accept_), exports_(exports) {}

  void OnRecords(const Records& records) {
    if (!CanWrite()) return;
    if (!records.ok()) {
      Finish(records.status());
      return;
    }
    is_last_ = records->size() < query_.max_count;
    if (records->empty()) {
      Finish(absl::OkStatus());
      return;
    }
    query_.after = {records->back().at, records->back().number};
    v1::ExportUsageResponse response;
    for (const UseRecord& record : *records) {
      SetUse(record, response.add_records());
    }
    Write(response);
  }

 private:
  void OnStarted() override {
    new Export(exports_);  // the next call
    if (const absl::Status status = Start(); !status.ok()) {
      Finish(status);
      return;
    }
    exports_.Read(id_, query_);
  }

  absl::Status Start() {
    if (exports_.queue_.is_draining()) return StoppingError();
    if (exports_.exports_.size() >= limits::kMaxUsageExports) {
      return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_EXPORTS",
                       absl::StrCat("the limit of ", limits::kMaxUsageExports,
                                    " exports at once is reached"),
                       {{"limit", "kMaxUsageExports"}}, absl::Seconds(1));
    }
    WARMUP_ASSIGN_OR_RETURN(query_, ReadUseQuery(request()));
    query_.max_count = limits::kMaxUsesPerMessage;
    id_ = exports_.next_export_++;
    exports_.exports_[id_] = this;
    return absl::OkStatus();
  }

  void OnWritten() override {
    if (is_last_) {
      Finish(absl::OkStatus());
    } else {
      exports_.Read(id_, query_);
    }
  }
  void OnClosed() override { exports_.exports_.erase(id_); }

  UsageExports& exports_;
  uint64_t id_ = 0;
  UseQuery query_;
  bool is_last_ = false;
};

UsageExports::UsageExports(CallQueue& queue, RpcMetrics::Method* metrics,
                           Call::Accept accept)
    : queue_(queue),
      metrics_(metrics),
      accept_(std::move(accept)),
      wake_(queue, [this] { OnArrivals(); }) {}

void UsageExports::Listen(Runtime& runtime) {
  runtime_ = &runtime;
  new Export(*this);
}

void UsageExports::Read(uint64_t id, const UseQuery& query) {
  runtime_->ReadUses(query, [this, id](Records records) {
    {
      MutexLock lock(mutex_);
      arrivals_.emplace_back(id, std::move(records));
    }
    wake_.Wake();
  });
}

void UsageExports::OnArrivals() {
  std::vector<std::pair<uint64_t, Records>> arrivals;
  {
    MutexLock lock(mutex_);
    arrivals.swap(arrivals_);
  }
  for (const auto& [id, records] : arrivals) {
    const auto it = exports_.find(id);
    if (it != exports_.end()) it->second->OnRecords(records);
  }
}

void UsageExports::End(const absl::Status& status) {
  for (const auto& [id, one] : exports_) one->Finish(status);
}

}  // namespace warmup
