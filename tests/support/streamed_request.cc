#include "tests/support/streamed_request.h"

#include <httplib.h>

#include "absl/time/time.h"
#include "tests/support/eventually.h"

namespace warmup {

StreamedRequest::StreamedRequest(const std::string& endpoint,
                                 const std::string& path,
                                 const std::string& json)
    : client_(std::make_unique<httplib::Client>(endpoint)), thread_([=, this] {
        client_->set_read_timeout(absl::ToChronoSeconds(kPatience));
        httplib::Request request;
        request.method = "POST";
        request.path = path;
        request.set_header("Content-Type", "application/json");
        request.body = json;
        request.content_receiver = [this](const char* data, size_t size,
                                          uint64_t, uint64_t) {
          body_.append(data, size);
          has_begun_ = true;
          return !is_left_;
        };
        const auto result = client_->send(request);
        is_whole_ = result && result->status == 200;
        has_ended_ = true;
      }) {}

StreamedRequest::~StreamedRequest() {
  is_left_ = true;
  // Again, if it had no connection yet.
  Eventually([this] {
    if (!has_ended_) client_->stop();
    return has_ended_.load();
  });
  if (thread_.joinable()) thread_.join();
}

bool StreamedRequest::AwaitBegun() {
  return Eventually([this] { return has_begun_ || has_ended_; }) && has_begun_;
}

bool StreamedRequest::AwaitEnd() {
  if (!Eventually([this] { return has_ended_.load(); })) return false;
  if (thread_.joinable()) thread_.join();
  return is_whole_;
}

}  // namespace warmup
