#include "server/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/support/async_stream.h>

#include <utility>

namespace warmup {
namespace {

namespace reflection = grpc::reflection::v1alpha;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

constexpr char kService[] = "grpc.reflection.v1alpha.ServerReflection";

void NotFound(const std::string& what,
              reflection::ServerReflectionResponse* response) {
  reflection::ErrorResponse& error = *response->mutable_error_response();
  error.set_error_code(grpc::StatusCode::NOT_FOUND);
  error.set_error_message("no \"" + what + "\"");
}

// The file and all it imports, each once.
void AddFile(const FileDescriptor* file, std::set<const FileDescriptor*>* seen,
             reflection::FileDescriptorResponse* out) {
  if (!seen->insert(file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file->CopyTo(&proto);
  out->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file->dependency_count(); ++i) {
    AddFile(file->dependency(i), seen, out);
  }
}

void SetFile(const FileDescriptor* file, const std::string& asked,
             reflection::ServerReflectionResponse* response) {
  if (file == nullptr) {
    NotFound(asked, response);
    return;
  }
  std::set<const FileDescriptor*> seen;
  AddFile(file, &seen, response->mutable_file_descriptor_response());
}

void SetExtension(const reflection::ExtensionRequest& asked,
                  reflection::ServerReflectionResponse* response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const Descriptor* type = pool.FindMessageTypeByName(asked.containing_type());
  const FieldDescriptor* extension =
      type == nullptr
          ? nullptr
          : pool.FindExtensionByNumber(type, asked.extension_number());
  SetFile(extension == nullptr ? nullptr : extension->file(),
          asked.containing_type(), response);
}

void SetExtensionNumbers(const std::string& asked,
                         reflection::ServerReflectionResponse* response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const Descriptor* type = pool.FindMessageTypeByName(asked);
  if (type == nullptr) {
    NotFound(asked, response);
    return;
  }
  reflection::ExtensionNumberResponse& numbers =
      *response->mutable_all_extension_numbers_response();
  numbers.set_base_type_name(asked);
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(type, &extensions);
  for (const FieldDescriptor* extension : extensions) {
    numbers.add_extension_number(extension->number());
  }
}

}  // namespace

reflection::ServerReflectionResponse AnswerReflection(
    const std::vector<std::string>& services,
    const reflection::ServerReflectionRequest& request) {
  using Request = reflection::ServerReflectionRequest;
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  reflection::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kListServices:
      for (const std::string& name : services) {
        response.mutable_list_services_response()->add_service()->set_name(
            name);
      }
      break;
    case Request::kFileByFilename:
      SetFile(pool.FindFileByName(request.file_by_filename()),
              request.file_by_filename(), &response);
      break;
    case Request::kFileContainingSymbol:
      SetFile(pool.FindFileContainingSymbol(request.file_containing_symbol()),
              request.file_containing_symbol(), &response);
      break;
    case Request::kFileContainingExtension:
      SetExtension(request.file_containing_extension(), &response);
      break;
    case Request::kAllExtensionNumbersOfType:
      SetExtensionNumbers(request.all_extension_numbers_of_type(), &response);
      break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(
          grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error_response()->set_error_message("nothing is asked");
      break;
  }
  return response;
}

// One call; owns itself. One operation is out at a time.
class ReflectionServer::Stream {
 public:
  explicit Stream(ReflectionServer& server)
      : server_(server),
        stream_(&context_),
        on_accepted_([this](bool ok) { Accepted(ok); }),
        on_read_([this](bool ok) { Read(ok); }),
        on_written_([this](bool ok) { Written(ok); }),
        on_finished_([this](bool) { delete this; }) {
    server_.service_.RequestServerReflectionInfo(
        &context_, &stream_, server_.queue_.queue(), server_.queue_.queue(),
        &on_accepted_);
  }

  // Ends the operation that is out, and with it the call.
  void Cancel() { context_.TryCancel(); }

 private:
  void Accepted(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    new Stream(server_);  // the next call
    started_ = RpcMetrics::Clock::now();
    server_.metrics_->Started();
    server_.streams_.insert(this);
    stream_.Read(&request_, &on_read_);
  }
  void Read(bool ok) {
    if (!ok) {  // the client has asked everything, or is gone
      Finish();
      return;
    }
    stream_.Write(AnswerReflection(server_.services_, request_), &on_written_);
  }
  void Written(bool ok) {
    if (ok) {
      stream_.Read(&request_, &on_read_);
    } else {
      Finish();
    }
  }
  void Finish() {
    server_.streams_.erase(this);
    server_.metrics_->Handled(absl::OkStatus(), started_);
    stream_.Finish(grpc::Status::OK, &on_finished_);
  }

  ReflectionServer& server_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<reflection::ServerReflectionResponse,
                                reflection::ServerReflectionRequest>
      stream_;
  reflection::ServerReflectionRequest request_;
  RpcMetrics::Clock::time_point started_;
  Tag on_accepted_;
  Tag on_read_;
  Tag on_written_;
  Tag on_finished_;
};

ReflectionServer::ReflectionServer(CallQueue& queue, RpcMetrics& metrics,
                                   std::vector<std::string> services)
    : queue_(queue),
      metrics_(metrics.Add(kService, "ServerReflectionInfo", "bidi_stream")),
      services_(std::move(services)) {}

void ReflectionServer::Listen() { new Stream(*this); }

void ReflectionServer::EndStreams() {
  for (Stream* stream : streams_) stream->Cancel();
}

}  // namespace warmup
