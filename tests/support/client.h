#ifndef WARMUP_TESTS_SUPPORT_CLIENT_H_
#define WARMUP_TESTS_SUPPORT_CLIENT_H_

#include <google/protobuf/text_format.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/grpc_error.h"
#include "warmup/v1/device.grpc.pb.h"
#include "warmup/v1/engine.grpc.pb.h"
#include "warmup/v1/event.grpc.pb.h"
#include "warmup/v1/model.grpc.pb.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup {

using Models = v1::ModelService::Stub;
using Warmup = v1::WarmupService::Stub;
using Engines = v1::EngineService::Stub;
using Devices = v1::DeviceService::Stub;
using Events = v1::EventService::Stub;
using Health = grpc::health::v1::Health::Stub;
using Reflection = grpc::reflection::v1alpha::ServerReflection::Stub;

// A message from its text form. (No assertion of Catch2's: those are for one
// thread only.)
template <class Message>
Message Proto(const std::string& text) {
  Message message;
  if (!google::protobuf::TextFormat::ParseFromString(text, &message)) {
    std::fprintf(stderr, "not a message: %s\n", text.c_str());
    std::abort();
  }
  return message;
}

template <class Response>
struct Answer {
  grpc::Status status;
  Response body;

  bool ok() const { return status.ok(); }
  // The body of a call that must succeed.
  Response Must() const {
    INFO(status.error_message());
    REQUIRE(status.error_code() == grpc::StatusCode::OK);
    return body;
  }
};

// That an error is the documented one: its code, its reason, and what it
// names, in the message and for machines.
inline void CheckError(
    const grpc::Status& status, grpc::StatusCode code,
    const std::string& reason,
    const std::map<std::string, std::string>& metadata = {}) {
  INFO("message: " << status.error_message());
  CHECK(status.error_code() == code);
  GrpcError error = ReadGrpcError(status);
  CHECK(error.code == static_cast<int>(code));
  CHECK(error.message == status.error_message());
  CHECK(error.domain == "warmupd");
  CHECK(error.reason == reason);
  for (const auto& [key, value] : metadata) {
    INFO("metadata: " << key);
    CHECK(error.metadata[key] == value);
    CHECK_THAT(status.error_message(), Catch::Contains(value));
  }
}

inline void CheckInvalid(const grpc::Status& status, const std::string& field) {
  CheckError(status, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELD",
             {{"field", field}});
}

// A stream of answers. Ends by itself after kPatience.
template <class Response>
class AnswerStream {
 public:
  template <class Stub, class Request>
  AnswerStream(Stub& stub,
               std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(
                   grpc::ClientContext*, const Request&),
               const Request& request)
      : context_(std::make_unique<grpc::ClientContext>()) {
    context_->set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    reader_ = (stub.*method)(context_.get(), request);
  }
  ~AnswerStream() {
    if (reader_ == nullptr) return;  // moved from
    context_->TryCancel();
    Finish();
  }
  AnswerStream(AnswerStream&&) noexcept = default;
  AnswerStream& operator=(AnswerStream&&) = delete;

  // The next answer; nothing: the stream has ended.
  std::optional<Response> Next() {
    Response response;
    if (!reader_->Read(&response)) return std::nullopt;
    return response;
  }
  // Reads what is left; how it ended.
  grpc::Status Finish() {
    if (status_.has_value()) return *status_;
    while (Next().has_value()) {
    }
    return status_.emplace(reader_->Finish());
  }
  void Cancel() { context_->TryCancel(); }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<Response>> reader_;
  std::optional<grpc::Status> status_;
};

// A connection of its own to a daemon. Thread-safe.
class Client {
 public:
  // "unix:/run/warmupd.sock", "127.0.0.1:4717".
  explicit Client(const std::string& address);

  // Makes one call of any unary method, by kPatience at most:
  // Ask(&Models::GetModel, "model_id: 'm'").
  template <class Stub, class Request, class Response>
  Answer<Response> Ask(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                    const Request&, Response*),
                       const Request& request,
                       absl::Duration timeout = kPatience) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    Answer<Response> answer;
    answer.status = (stub<Stub>().*method)(&context, request, &answer.body);
    return answer;
  }
  template <class Stub, class Request, class Response>
  Answer<Response> Ask(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                    const Request&, Response*),
                       const std::string& request = "") {
    return Ask(method, Proto<Request>(request));
  }

  template <class Stub, class Request, class Response>
  AnswerStream<Response> Open(std::unique_ptr<grpc::ClientReader<Response>> (
                                  Stub::*method)(grpc::ClientContext*,
                                                 const Request&),
                              const std::string& request = "") {
    return AnswerStream<Response>(stub<Stub>(), method,
                                  Proto<Request>(request));
  }

  template <class Stub>
  Stub& stub() {
    return *std::get<std::unique_ptr<Stub>>(stubs_);
  }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const std::tuple<std::unique_ptr<Models>, std::unique_ptr<Warmup>,
                   std::unique_ptr<Events>, std::unique_ptr<Engines>,
                   std::unique_ptr<Devices>, std::unique_ptr<Health>,
                   std::unique_ptr<Reflection>>
      stubs_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_CLIENT_H_
