#ifndef WARMUP_CORE_FORESIGHT_ARCHIVE_H_
#define WARMUP_CORE_FORESIGHT_ARCHIVE_H_

// cereal, for classes that name their members in a template `Persist`, for
// writing and for reading alike. Of this machine's byte order.

#define CEREAL_SERIALIZE_FUNCTION_NAME Persist

#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/queue.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <exception>
#include <sstream>
#include <string>

#include "absl/status/status.h"

namespace warmup::foresight {

// The bytes of some values.
template <typename... Values>
std::string Archived(const Values&... values) {
  std::ostringstream out;
  cereal::BinaryOutputArchive archive(out);
  // Persist is one function for both ways, and so not const; it writes only.
  archive(const_cast<Values&>(values)...);
  return std::move(out).str();
}

// Reads them again. DATA_LOSS: they do not fit; then some have been changed.
template <typename... Values>
absl::Status Unarchive(const std::string& bytes, Values&... values) {
  try {
    std::istringstream in(bytes);
    cereal::BinaryInputArchive archive(in);
    archive(values...);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::DataLossError(error.what());
  }
}

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_ARCHIVE_H_
