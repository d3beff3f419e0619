#ifndef WARMUP_TESTS_ENGINES_CONTRACT_CALLS_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_CALLS_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/error.h"
#include "tests/engines/contract/subject.h"
#include "tests/support/background_load.h"
#include "tests/support/catch.h"

// What scenarios ask of the adapter, with what has to be true of each answer.
namespace warmup::contract {

// Within this ends every call that is not a load, whatever the server does.
inline constexpr absl::Duration kCallTime = absl::Seconds(25);

inline std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

// The first model, and the second.
inline const std::string& ModelA(const Subject& subject) {
  return subject.description().models.at(0);
}
inline const std::string& ModelB(const Subject& subject) {
  return subject.description().models.at(1);
}

inline void CheckOk(const absl::Status& status) {
  INFO(status.ToString());
  CHECK(status.ok());
}

// An error says which engine it is about, and has a stable reason.
void CheckNamed(const Subject& subject, const absl::Status& status);
// And which model.
void CheckNamed(const Subject& subject, const absl::Status& status,
                const std::string& model);

absl::StatusOr<LoadResult> Load(Subject& subject, const std::string& model);
// Ready, by its result, by a look and in reality.
LoadResult LoadOk(Subject& subject, const std::string& model);
// Gone, by a look and in reality.
void UnloadOk(Subject& subject, const std::string& model);
// One look at these, which has to succeed.
std::vector<Sighting> LookAt(Subject& subject,
                             const std::vector<std::string>& models);
inline Sighting LookAt(Subject& subject, const std::string& model) {
  return LookAt(subject, std::vector<std::string>{model})[0];
}
// Whether a look says so.
bool LooksReady(Subject& subject, const std::string& model);
// Look and reality come to agree that it is ready, or that it is not. For what
// somebody else did, which the server may do late.
void AwaitReady(Subject& subject, const std::string& model, bool is_ready);
// They come to agree, on whatever it is.
void AwaitAgreement(Subject& subject, const std::string& model);

// Something that blocks, on a thread of its own.
class InBackground {
 public:
  explicit InBackground(std::function<absl::Status()> call)
      : thread_([this, call = std::move(call)] {
          status_ = call();
          has_ended_ = true;
        }) {}
  ~InBackground() { Result(); }
  InBackground(const InBackground&) = delete;
  InBackground& operator=(const InBackground&) = delete;

  bool has_ended() const { return has_ended_; }
  // Waits for it.
  const absl::Status& Result() {
    if (thread_.joinable()) thread_.join();
    return status_;
  }

 private:
  std::atomic<bool> has_ended_ = false;
  absl::Status status_;
  std::thread thread_;
};

// Loads are held until this is released.
class HeldLoads {
 public:
  explicit HeldLoads(Subject& subject) : subject_(subject) {
    subject_.HoldLoads(true);
  }
  ~HeldLoads() { Release(); }
  HeldLoads(const HeldLoads&) = delete;
  HeldLoads& operator=(const HeldLoads&) = delete;
  void Release() {
    if (std::exchange(are_held_, false)) subject_.HoldLoads(false);
  }

 private:
  Subject& subject_;
  bool are_held_ = true;
};

// The test fails unless this ends within `limit`.
class TimeLimit {
 public:
  explicit TimeLimit(absl::Duration limit) : limit_(limit) {}
  ~TimeLimit() { CHECK(absl::Now() - start_ < limit_); }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

 private:
  const absl::Duration limit_;
  const absl::Time start_ = absl::Now();
};

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_CALLS_H_
