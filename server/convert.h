#ifndef WARMUP_SERVER_CONVERT_H_
#define WARMUP_SERVER_CONVERT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/events/event.h"
#include "core/events/event_log.h"
#include "core/model/model.h"
#include "core/ports/event_sink.h"
#include "core/ports/use_log.h"
#include "core/runtime/facts.h"
#include "core/schedule/coordinator.h"
#include "core/schedule/lease_table.h"
#include "core/session/session_table.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "warmup/v1/event.pb.h"
#include "warmup/v1/model.pb.h"
#include "warmup/v1/warmup.pb.h"

// Between the API's messages and the core's values. What comes from outside is
// checked here as far as its form goes (enums, times, numbers, JSON); what it
// means is checked by the core. Errors are INVALID_ARGUMENT with the field.
namespace warmup {

// A text for people as a message can carry it: bytes that are not UTF-8 become
// '?', and what is longer than `max_bytes` ends in "...".
std::string WireText(std::string_view text, size_t max_bytes);

// The core's timeline never jumps, the wall clock of clients does: times are
// moved by what lies between them at the moment of the call.
class WallClock {
 public:
  explicit WallClock(absl::Time core_now) : ahead_(absl::Now() - core_now) {}

  void Set(absl::Time time, google::protobuf::Timestamp* out) const;
  absl::StatusOr<absl::Time> Read(std::string_view field,
                                  const google::protobuf::Timestamp& in) const;

 private:
  const absl::Duration ahead_;
};

void SetTimestamp(absl::Time time, google::protobuf::Timestamp* out);
absl::StatusOr<absl::Time> ReadTimestamp(std::string_view field,
                                         const google::protobuf::Timestamp& in);
void SetDuration(absl::Duration duration, google::protobuf::Duration* out);
absl::StatusOr<absl::Duration> ReadDuration(
    std::string_view field, const google::protobuf::Duration& in);
// Of foresight::ParseMemoryPrice.
absl::StatusOr<double> ReadMemoryPrice(std::string_view field,
                                       const std::string& in);

absl::StatusOr<ModelType> ReadModelType(std::string_view field,
                                        v1::ModelType in);
absl::StatusOr<Priority> ReadPriority(std::string_view field,
                                      v1::RequestPriority in);

// Models.
absl::StatusOr<ModelSpec> ReadSpec(const v1::ModelSpec& in);
void SetModel(const WallClock& wall, const ModelView& view, v1::Model* out);
absl::StatusOr<SwitchingPolicy> ReadPolicy(const v1::SwitchingPolicy& in);
void SetPolicy(const SwitchingPolicy& policy, v1::SwitchingPolicy* out);
void SetLease(const WallClock& wall, const Lease& lease, v1::Lease* out);

// The core counts from 0; of most enums the API keeps 0 for "unspecified".
v1::ModelType ToProto(ModelType type);
v1::RequestPriority ToProto(Priority priority);
v1::ModelTier ToProto(Tier tier);
v1::ModelState ToProto(ModelState state);
v1::LoadKind ToProto(LoadKind kind);
v1::ServedAs ToProto(ServedAs served_as);

// Sessions, facts and predictions.
absl::StatusOr<Session> ReadSession(const v1::WarmupSession& in);
void SetSession(const WallClock& wall, const Session& session,
                v1::WarmupSession* out);
absl::StatusOr<ActivityReport> ReadActivity(const WallClock& wall,
                                            std::string_view field,
                                            const v1::Activity& in);
absl::StatusOr<UsageReport> ReadUsage(const WallClock& wall,
                                      std::string_view field,
                                      const v1::Usage& in);
absl::StatusOr<PredictionRequest> ReadPredictionRequest(
    const v1::GetWarmupPredictionRequest& in);
void SetPrediction(const v1::GetWarmupPredictionRequest& request,
                   const Prediction& prediction,
                   v1::GetWarmupPredictionResponse* out);
void SetMetrics(const WallClock& wall, const Status& status,
                v1::GetWarmupMetricsResponse* out);
void SetQuality(const Status& status, v1::GetPredictionQualityResponse* out);

// The log of use. Its times are those of the daemon's timeline as they are:
// however the wall clock is set meanwhile, they stay the same and in order.
absl::StatusOr<UseQuery> ReadUseQuery(const v1::ExportUsageRequest& in);
void SetUse(const UseRecord& record, v1::UsageRecord* out);

// Events.
absl::StatusOr<Event> ReadEvent(const v1::Event& in);
void SetEvent(const Event& event, v1::Event* out);
absl::StatusOr<EventFilter> ReadFilter(const v1::EventFilter& in);

// A page size as the API has it: 0 is the default. INVALID_ARGUMENT outside
// 0 to limits::kMaxPageSize.
absl::StatusOr<int> ReadPageSize(std::string_view field, int in);

}  // namespace warmup

#endif  // WARMUP_SERVER_CONVERT_H_
