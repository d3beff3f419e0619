#include "tests/support/client.h"

#include <grpcpp/create_channel.h>

namespace warmup {
namespace {

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  // Not shared with other clients, and soon back after a restart.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  // This one bounds an attempt: a loaded machine may take its time.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

Client::Client(const std::string& address)
    : channel_(Connect(address)),
      stubs_(v1::ModelService::NewStub(channel_),
             v1::WarmupService::NewStub(channel_),
             v1::EventService::NewStub(channel_),
             v1::EngineService::NewStub(channel_),
             v1::DeviceService::NewStub(channel_),
             grpc::health::v1::Health::NewStub(channel_),
             grpc::reflection::v1alpha::ServerReflection::NewStub(channel_)) {}

}  // namespace warmup
