#ifndef WARMUP_SERVER_ENGINES_H_
#define WARMUP_SERVER_ENGINES_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/ports/engine.h"
#include "core/ports/engine_finder.h"
#include "warmup/v1/config.pb.h"

namespace warmup {

using Engines = std::map<std::string, std::shared_ptr<Engine>>;  // by id

// Of the engines on this machine; what it passes over is logged.
std::unique_ptr<EngineFinder> MakeEngineFinder(bool is_detecting);

// The engines that are configured, the one built in among them.
// INVALID_ARGUMENT naming the field that is wrong. Asks no server anything.
absl::StatusOr<Engines> MakeEngines(const v1::EnginesConfig& config,
                                    EngineFinder& finder);

}  // namespace warmup

#endif  // WARMUP_SERVER_ENGINES_H_
