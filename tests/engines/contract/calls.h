#ifndef WARMUP_TESTS_ENGINES_CONTRACT_CALLS_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_CALLS_H_

#include <string>
#include <vector>

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
// What a look says of the model's being ready is so.
bool LooksReady(Subject& subject, const std::string& model);
// Look and reality come to agree that it is ready, or that it is not. For what
// somebody else did, which the server may do late.
void AwaitReady(Subject& subject, const std::string& model, bool is_ready);

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_CALLS_H_
