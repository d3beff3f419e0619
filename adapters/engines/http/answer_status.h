#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_ANSWER_STATUS_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_ANSWER_STATUS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "adapters/engines/http/http_client.h"

namespace warmup {

// The server's own words of what went wrong, printable and of bounded length:
// of "error" (see json_answer::ReadError), "message" or "detail".
std::string WordsOf(const HttpResponse& response);
// Whether they contain `part`, which is in lower case.
bool Says(std::string_view words, std::string_view part);

// OK for the status 200. Otherwise what the answer means where a server has no
// meaning of its own for it, about the model, or the engine if that is empty:
//   UNAVAILABLE         ENGINE_REFUSES  401, 403: the token
//                       ENGINE_BUSY     429, 503: with when to come again
//                       ENGINE_FAILED   anything else
//   RESOURCE_EXHAUSTED  MEMORY_SHORT    its words are about memory
absl::Status StatusOf(const HttpClient& http, const HttpResponse& response,
                      const std::string& model);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_ANSWER_STATUS_H_
