#ifndef WARMUP_ADAPTERS_STORE_SCHEMA_H_
#define WARMUP_ADAPTERS_STORE_SCHEMA_H_

#include <string>

#include "absl/status/status.h"
#include "adapters/store/database.h"

namespace warmup {

// The newest schema this build knows (PRAGMA user_version).
extern const int kSchemaVersion;

// Sets how the connection works and brings the schema up to kSchemaVersion,
// each step in a transaction of its own.
//   FAILED_PRECONDITION  a newer schema, or a database of another program:
//                        refused rather than lost; the file is not touched
//   DATA_LOSS            damaged
absl::Status PrepareSchema(Database& database, const std::string& path);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_SCHEMA_H_
