#ifndef WARMUP_TESTS_SUPPORT_STREAMED_REQUEST_H_
#define WARMUP_TESTS_SUPPORT_STREAMED_REQUEST_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace httplib {
class Client;
}  // namespace httplib

namespace warmup {

// A POST by some user of an engine, whose answer comes piece by piece, read on
// a thread of its own until it ends.
class StreamedRequest {
 public:
  // `endpoint`: "http://127.0.0.1:1"; `json`: the body.
  StreamedRequest(const std::string& endpoint, const std::string& path,
                  const std::string& json);
  ~StreamedRequest();  // leaves, if it has not ended
  StreamedRequest(const StreamedRequest&) = delete;
  StreamedRequest& operator=(const StreamedRequest&) = delete;

  // Waits for the first piece, or the end; false: it did not come to that.
  bool AwaitBegun();
  bool has_ended() const { return has_ended_; }
  // Waits for its end. Whether there was one, with the status 200; what was
  // answered is in body() then.
  bool AwaitEnd();
  const std::string& body() const { return body_; }

 private:
  const std::unique_ptr<httplib::Client> client_;
  std::atomic<bool> has_begun_ = false;
  std::atomic<bool> is_left_ = false;
  std::atomic<bool> has_ended_ = false;
  bool is_whole_ = false;
  std::string body_;
  std::thread thread_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_STREAMED_REQUEST_H_
