#include "adapters/engines/http/load_calls.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/engine_calls.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_server.h"

namespace warmup {
namespace {

using Peer = ScriptedServer::Peer;

// Answers one request a connection, as soon as it may.
class SlowServer {
 public:
  const std::string& endpoint() const { return server_.endpoint(); }
  void AwaitRequest() {
    MutexLock lock(mutex_);
    while (requests_ == 0) changed_.Wait(mutex_);
  }
  void Answer(const std::string& body) {
    MutexLock lock(mutex_);
    answer_ = body;
    changed_.NotifyAll();
  }

 private:
  void Serve(Peer& peer) {
    if (peer.ReadRequest().empty()) return;
    std::string answer;
    {
      MutexLock lock(mutex_);
      ++requests_;
      changed_.NotifyAll();
      while (!answer_.has_value()) changed_.Wait(mutex_);
      answer = *answer_;
    }
    peer.Write(HttpAnswer(200, answer));
  }

  Mutex mutex_;
  CondVar changed_;
  int requests_ = 0;
  std::optional<std::string> answer_;
  ScriptedServer server_{[this](Peer& peer) { Serve(peer); }};
};

bool Never() { return false; }
bool Always() { return true; }

}  // namespace

TEST_CASE("LoadCalls: brings the answer to who waits for it") {
  SlowServer server;
  const auto http = ClientOf(server.endpoint());
  LoadCalls calls(*http);
  server.Answer("done");
  for (int i = 0; i < 3; ++i) {
    const auto answer =
        calls.Post("/load", "{}", Never, [](const HttpResponse&) { FAIL(); });
    INFO(answer.status().ToString());
    REQUIRE(answer.ok());
    CHECK(answer->body == "done");
  }
}

TEST_CASE("LoadCalls: each gets the answer to its own call") {
  ScriptedServer server([](Peer& peer) {
    const std::string request = peer.ReadRequest();
    peer.Write(HttpAnswer(200, request.substr(request.rfind('\n') + 1)));
  });
  const auto http = ClientOf(server.endpoint());
  LoadCalls calls(*http);
  const auto unwanted = [](const HttpResponse&) { FAIL(); };
  // The first caller is late to take its answer: others come and go meanwhile.
  int others = 0;
  const auto look_away = [&] {
    while (others < 20) {
      const std::string body = absl::StrCat("other ", ++others);
      const auto answer = calls.Post("/load", body, Never, unwanted);
      REQUIRE(answer.ok());
      CHECK(answer->body == body);
    }
    return false;
  };
  const auto answer = calls.Post("/load", "first", look_away, unwanted);
  CHECK(others == 20);
  INFO(answer.status().ToString());
  REQUIRE(answer.ok());
  CHECK(answer->body == "first");
}

TEST_CASE("LoadCalls: who leaves is told later what came of it") {
  SlowServer server;
  const auto http = ClientOf(server.endpoint());
  std::atomic<int> late = 0;
  LoadCalls calls(*http);
  const auto answer = calls.Post(
      "/load", "{}", Always,
      [&](const HttpResponse& response) { late += response.body == "done"; });
  CHECK(absl::IsCancelled(answer.status()));
  CHECK(ReasonOf(answer.status()) == "CANCELLED");
  server.AwaitRequest();  // it goes on
  CHECK(calls.CountLeft() == 1);
  CHECK(late == 0);
  server.Answer("done");
  CHECK(Eventually([&] { return calls.CountLeft() == 0; }));
  CHECK(late == 1);
}

TEST_CASE("LoadCalls: ends with a call under way, or one that fails") {
  SlowServer server;
  const auto http = ClientOf(server.endpoint());
  {
    LoadCalls calls(*http);
    const auto answer =
        calls.Post("/load", "{}", Always, [](const HttpResponse&) { FAIL(); });
    CHECK(absl::IsCancelled(answer.status()));
    server.AwaitRequest();
  }
  server.Answer("");  // so that its thread ends
  const auto nobody = ClientOf("http://127.0.0.1:1");
  LoadCalls calls(*nobody);
  CHECK(absl::IsUnavailable(
      calls.Post("/load", "{}", Never, [](const HttpResponse&) { FAIL(); })
          .status()));
}

}  // namespace warmup
