// The bare program: a gRPC server with one completion queue and one thread,
// as warmupd's, that answers one unary method, and nothing else.
//
//   bench_echo_server <socket> <bytes in a response>

#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_unary_call.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace warmup::bench {
namespace {

using Message = google::protobuf::BytesValue;

// What protoc would write for
//   service EchoService { rpc Echo(BytesValue) returns (BytesValue); }
class EchoService final : public grpc::Service {
 public:
  EchoService() {
    AddMethod(new grpc::internal::RpcServiceMethod(
        "/warmup.bench.EchoService/Echo", grpc::internal::RpcMethod::NORMAL_RPC,
        nullptr));
    MarkMethodAsync(0);
  }
  void RequestEcho(grpc::ServerContext* context, Message* request,
                   grpc::ServerAsyncResponseWriter<Message>* responder,
                   grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(0, context, request, responder, queue, queue, tag);
  }
};

// One call, from the wait for it to its end; then it waits for the next.
class Call {
 public:
  Call(EchoService* service, grpc::ServerCompletionQueue* queue,
       const std::string* response)
      : service_(service), queue_(queue), response_(response) {
    Wait();
  }
  void Proceed(bool ok) {
    if (!ok) return;  // the server is going down
    if (is_answered_) {
      Wait();
      return;
    }
    is_answered_ = true;
    Message message;
    message.set_value(*response_);
    state_->responder.Finish(message, grpc::Status::OK, this);
  }

 private:
  struct State {
    grpc::ServerContext context;
    Message request;
    grpc::ServerAsyncResponseWriter<Message> responder{&context};
  };

  void Wait() {
    is_answered_ = false;
    state_ = std::make_unique<State>();
    service_->RequestEcho(&state_->context, &state_->request,
                          &state_->responder, queue_, this);
  }

  EchoService* const service_;
  grpc::ServerCompletionQueue* const queue_;
  const std::string* const response_;
  std::unique_ptr<State> state_;
  bool is_answered_ = false;
};

void Serve(const std::string& socket, size_t response_bytes) {
  EchoService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (server == nullptr) {
    std::fprintf(stderr, "cannot listen on %s\n", socket.c_str());
    std::exit(1);
  }
  const std::string response(response_bytes, 'x');
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 128; ++i) {
    calls.push_back(std::make_unique<Call>(&service, queue.get(), &response));
  }
  void* tag = nullptr;
  bool ok = false;
  // Until SIGTERM ends the process.
  while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->Proceed(ok);
}

}  // namespace
}  // namespace warmup::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_echo_server <socket> <bytes>\n");
    return 2;
  }
  warmup::bench::Serve(argv[1], std::strtoul(argv[2], nullptr, 10));
}
