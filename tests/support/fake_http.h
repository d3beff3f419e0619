#ifndef WARMUP_TESTS_SUPPORT_FAKE_HTTP_H_
#define WARMUP_TESTS_SUPPORT_FAKE_HTTP_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "nlohmann/json.hpp"

namespace httplib {
class Server;
struct Request;
struct Response;
}  // namespace httplib

namespace warmup {

// What fakes of inference servers have in common: an HTTP server on 127.0.0.1
// that counts its calls and answers as the fake's own Serve does, or as a test
// wants. Thread-safe. Whoever derives from it guards its own state by mutex_,
// calls Start at the end of its constructor, and Stop in its destructor.
class FakeHttp {
 public:
  virtual ~FakeHttp();
  FakeHttp(const FakeHttp&) = delete;
  FakeHttp& operator=(const FakeHttp&) = delete;

  const std::string& endpoint() const { return endpoint_; }

  // --- Faults, by path, or of kEveryPath; they take the place of the answer
  // ---
  static constexpr char kEveryPath[] = "*";
  void Answer(const std::string& path, int status, const std::string& body,
              const std::string& location = "");
  void Hang(const std::string& path);
  void CutAnswers(const std::string& path);
  void AnswerWithoutEnd(const std::string& path);
  // Each answer, right or wrong, comes after this.
  void AnswerAfter(absl::Duration delay);
  virtual void Heal();
  // No longer listens. All calls under way are cut.
  void Stop();
  // Does again, where it did.
  void StartAgain();

  // --- What it saw ---
  int CallCount(const std::string& path) const;
  // Bodies of the calls of a path, in their order.
  std::vector<nlohmann::json> Bodies(const std::string& path) const;
  std::string Authorization() const;

 protected:
  // How often a call that waits looks whether its caller is still there.
  static constexpr absl::Duration kLookAround = absl::Milliseconds(2);

  FakeHttp();
  void Start();
  // Any call that has no fault; `body` is discarded JSON where there is none.
  // On one of several threads.
  virtual void Serve(const httplib::Request& request,
                     const nlohmann::json& body, httplib::Response& response)
      ABSL_LOCKS_EXCLUDED(mutex_) = 0;
  static void AnswerJson(const nlohmann::json& body,
                         httplib::Response& response);
  static void AnswerStatus(int status, const nlohmann::json& body,
                           httplib::Response& response);

  mutable Mutex mutex_;
  mutable CondVar changed_;  // told of each call, and of the end
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;

 private:
  using Handler = std::function<void(httplib::Response& response)>;

  void Take(const httplib::Request& request, httplib::Response& response);
  void Listen();

  const std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::string endpoint_;
  std::map<std::string, Handler> faults_ ABSL_GUARDED_BY(mutex_);
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<nlohmann::json>> bodies_
      ABSL_GUARDED_BY(mutex_);
  std::string authorization_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_HTTP_H_
