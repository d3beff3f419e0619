#include "tests/support/kserve_user.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "absl/time/clock.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
  return grpc::CreateCustomChannel(
      endpoint.substr(7), grpc::InsecureChannelCredentials(), arguments);
}

// Makes one call, and waits for the server to be there.
template <class Method, class Request, class Response>
absl::Status Call(inference::GRPCInferenceService::Stub& stub, Method method,
                  const Request& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  context.set_wait_for_ready(true);
  const grpc::Status status = (stub.*method)(&context, request, &response);
  return {static_cast<absl::StatusCode>(status.error_code()),
          status.error_message()};
}

using Stub = inference::GRPCInferenceService::Stub;

}  // namespace

KserveUser::KserveUser(const std::string& endpoint)
    : stub_(inference::GRPCInferenceService::NewStub(ChannelTo(endpoint))) {}

absl::Status KserveUser::Load(const std::string& model) {
  inference::RepositoryModelLoadRequest request;
  request.set_model_name(model);
  inference::RepositoryModelLoadResponse response;
  return Call(*stub_, &Stub::RepositoryModelLoad, request, response);
}

absl::Status KserveUser::Unload(const std::string& model) {
  inference::RepositoryModelUnloadRequest request;
  request.set_model_name(model);
  inference::RepositoryModelUnloadResponse response;
  return Call(*stub_, &Stub::RepositoryModelUnload, request, response);
}

absl::Status KserveUser::Infer(const std::string& model) {
  inference::ModelInferRequest request;
  request.set_model_name(model);
  auto& input = *request.add_inputs();
  input.set_name("IN");
  input.set_datatype("INT32");
  input.add_shape(1);
  input.mutable_contents()->add_int_contents(7);
  inference::ModelInferResponse response;
  return Call(*stub_, &Stub::ModelInfer, request, response);
}

std::string KserveUser::StateOf(const std::string& model) {
  inference::RepositoryIndexResponse response;
  const absl::Status status =
      Call(*stub_, &Stub::RepositoryIndex, inference::RepositoryIndexRequest(),
           response);
  for (const auto& entry : response.models()) {
    if (entry.name() == model) return entry.state();
  }
  return status.ok() ? "" : status.ToString();
}

}  // namespace warmup
