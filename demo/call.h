#ifndef WARMUP_DEMO_CALL_H_
#define WARMUP_DEMO_CALL_H_

#include <grpcpp/client_context.h>

#include <chrono>

#include "absl/status/statusor.h"

namespace warmup::demo {

// Calls a unary method; half a minute is longer than anything here takes.
template <class Stub, class Request, class Response>
absl::StatusOr<Response> Call(Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                           const Request&,
                                                           Response*),
                              const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(30));
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (status.ok()) return response;
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_CALL_H_
