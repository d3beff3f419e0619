#include "adapters/engines/llama_swap/answers.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/adapters/engines/llama_swap/samples.h"
#include "tests/support/catch.h"

namespace warmup::llama_swap {
namespace {

FeedMessage Read(const std::string& data) {
  const auto message = ReadFeedMessage(data);
  INFO(message.status().ToString());
  REQUIRE(message.ok());
  return *message;
}

}  // namespace

TEST_CASE("LlamaSwap's answers: a listing says what there is") {
  using Kind = ListedModel::Kind;
  const auto models = ReadModels(kModels);
  REQUIRE(models.ok());
  REQUIRE(models->size() == 5);
  const ListedModel& coder = models->at(0);
  CHECK(coder.name == "coder");
  CHECK(coder.kind == Kind::kModel);
  CHECK(coder.aliases == std::vector<std::string>{"gpt-4o", "aa"});
  CHECK(coder.context_length == 32'768);
  CHECK_FALSE(coder.is_reranker);
  CHECK(models->at(1).kind == Kind::kStandIn);
  CHECK(models->at(2).is_reranker);
  CHECK(models->at(3).kind == Kind::kRemote);
  CHECK(models->at(4).kind == Kind::kModel);
  CHECK(ReadModels(R"({"data":null})")->empty());
}

TEST_CASE("LlamaSwap's answers: what runs, in which state, and where") {
  const auto models = ReadRunning(kRunning);
  REQUIRE(models.ok());
  REQUIRE(models->size() == 3);
  CHECK(models->at(0).name == "coder");
  CHECK(models->at(0).state == ProcessState::kReady);
  CHECK(models->at(0).ttl == absl::Minutes(5));
  CHECK(models->at(0).port == 5800);
  CHECK(models->at(1).state == ProcessState::kStarting);
  CHECK(models->at(1).ttl == absl::ZeroDuration());
  CHECK(models->at(1).port == 5801);
  CHECK(models->at(2).state == ProcessState::kStopping);
  CHECK(models->at(2).ttl == absl::ZeroDuration());
  CHECK(models->at(2).port == 0);
}

TEST_CASE("LlamaSwap's answers: only a port of loopback is one") {
  const auto [proxy, port] = GENERATE(table<std::string, int>({
      {"http://[::1]:1", 1},
      {"http://127.0.0.1:65535/", 65'535},
      {"http://127.0.0.1:65536", 0},
      {"http://127.0.0.1:0", 0},
      {"http://127.0.0.1:", 0},
      {"http://127.0.0.1", 0},
      {"http://127.0.0.1:5x", 0},
      {"http://127.0.0.1:-5", 0},
      {"http://127.0.0.1.example.com:80", 0},
      {"https://127.0.0.1:80", 0},
      {"http://box:80", 0},
      {"", 0},
  }));
  CAPTURE(proxy);
  const auto models = ReadRunning(
      absl::StrCat(R"({"running":[{"model":"a","proxy":")", proxy, R"("}]})"));
  REQUIRE(models.ok());
  CHECK(models->at(0).port == port);
  CHECK(models->at(0).state == ProcessState::kStopped);
}

TEST_CASE("LlamaSwap's answers: messages of the feed, JSON within JSON") {
  using Kind = FeedMessage::Kind;
  const FeedMessage states = Read(kStates);
  CHECK(states.kind == Kind::kStates);
  REQUIRE(states.states.size() == 2);
  CHECK(states.states[0].name == "a");
  CHECK(states.states[0].state == ProcessState::kStopped);
  CHECK(states.states[1].name == "b \"x\"");
  CHECK(states.states[1].state == ProcessState::kReady);

  const FeedMessage upsert = Read(kUpsert);
  CHECK(upsert.kind == Kind::kRequest);
  REQUIRE(upsert.requests.size() == 1);
  CHECK(upsert.requests[0].id == "7");
  CHECK(upsert.requests[0].model == "a");
  CHECK(upsert.requests[0].path == "/v1/chat/completions");
  CHECK(upsert.requests[0].started == "2026-08-22T09:29:57.1-07:00");

  CHECK(Read(kRemove).kind == Kind::kRequestEnded);
  CHECK(Read(kRemove).ended_id == "7");

  CHECK(Read(kSnapshot).kind == Kind::kRequests);
  CHECK(Read(kSnapshot).requests.size() == 2);
  CHECK(Read(kLog).kind == Kind::kOther);
}

TEST_CASE("LlamaSwap's answers: of requests, older and empty messages") {
  using Kind = FeedMessage::Kind;
  const auto [data, kind] = GENERATE(table<std::string, FeedMessage::Kind>({
      {R"({\"operation\":\"snapshot\"})", Kind::kRequests},
      {R"({\"total\":1,\"requests\":[]})", Kind::kRequests},
      {R"({\"total\":3})", Kind::kCount},
      {R"({\"operation\":\"later\"})", Kind::kOther},
      {R"({})", Kind::kOther},
      {R"([])", Kind::kOther},
      {R"(null)", Kind::kOther},
  }));
  CAPTURE(data);
  const FeedMessage message =
      Read(absl::StrCat(R"({"type":"inflight","data":")", data, "\"}"));
  CHECK(message.kind == kind);
  CHECK(message.requests.empty());
}

TEST_CASE("LlamaSwap's answers: what is no message is passed over or refused") {
  using Kind = FeedMessage::Kind;
  CHECK(Read("{}").kind == Kind::kOther);
  CHECK(Read(R"({"type":"inflight","data":{"operation":"upsert"}})").kind ==
        Kind::kOther);
  CHECK(Read(R"({"type":"uiConfig","data":"{"})").kind == Kind::kOther);
  CHECK(Read(R"({"type":7,"data":7})").kind == Kind::kOther);
  // Not even looked at.
  CHECK(Read(R"({"type":"logData",\xff)").kind == Kind::kOther);
  for (const char* text :
       {"", "null", "[]", "x", R"({"type":"inflight","data":"{"})",
        R"({"type":"modelStatus","data":""})"}) {
    CAPTURE(text);
    CHECK(absl::IsInvalidArgument(ReadFeedMessage(text).status()));
  }
}

TEST_CASE("LlamaSwap's answers: what is no listing is refused, saying why") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "not JSON"},
      {"OK", "not JSON"},
      {"[]", "not a JSON object"},
      {"{}", "has no"},
      {R"({"error":"Unexpected endpoint or method"})", "has no"},
      {R"({"running":{},"data":{}})", "not a list"},
  }));
  CAPTURE(text);
  for (const absl::Status& status :
       {ReadModels(text).status(), ReadRunning(text).status()}) {
    CHECK(absl::IsInvalidArgument(status));
    CHECK_THAT(std::string(status.message()), Catch::Contains(why));
  }
}

TEST_CASE("LlamaSwap's answers: entries of any kind are read") {
  const auto models = ReadModels(
      R"({"data":[null,7,"x",[],{},{"id":7,"meta":7},
          {"id":"a","meta":{"llamaswap":{"aliases":[1,null,"b"],"type":7}},
           "capabilities":[],"context_length":1e30}]})");
  REQUIRE(models.ok());
  REQUIRE(models->size() == 7);
  CHECK(models->at(6).aliases == std::vector<std::string>{"b"});
  CHECK(models->at(6).context_length == 0);
  const auto running = ReadRunning(
      R"({"running":[null,{"model":7,"state":null,"ttl":"x","proxy":[]},
          {"model":"a","state":"READY","ttl":1e30}]})");
  REQUIRE(running.ok());
  CHECK(running->at(2).state == ProcessState::kStopped);
  CHECK(running->at(2).ttl == absl::ZeroDuration());
}

TEST_CASE("LlamaSwap's answers: a version, where there is one") {
  CHECK(ReadVersion(R"({"version":"250","commit":"x"})") == "250");
  CHECK(ReadVersion("{}").empty());
  CHECK(ReadVersion("404 page not found").empty());
}

}  // namespace warmup::llama_swap
