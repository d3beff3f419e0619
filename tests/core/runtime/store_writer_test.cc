#include "core/runtime/store_writer.h"

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/fake_store.h"

namespace warmup {
namespace {

StoreChange Put(const std::string& id) {
  PutModel put;
  put.spec.id = id;
  return put;
}

std::vector<StoreChange> PutOne(const std::string& id) { return {Put(id)}; }

// What was called back, in order.
class Answers {
 public:
  StoreWriter::Done Expect(std::string name) {
    return [this, name = std::move(name)](const absl::Status& status) {
      MutexLock lock(mutex_);
      answers_.emplace_back(name, status);
      changed_.NotifyAll();
    };
  }
  StoreWriter::HealthChanged Health() {
    return [this](bool is_healthy, const absl::Status& status) {
      MutexLock lock(mutex_);
      healths_.emplace_back(is_healthy, status);
      changed_.NotifyAll();
    };
  }
  absl::Status StatusOf(const std::string& wanted) {
    MutexLock lock(mutex_);
    while (true) {
      for (const auto& [name, status] : answers_) {
        if (name == wanted) return status;
      }
      changed_.Wait(mutex_);
    }
  }
  std::vector<std::string> Names() const {
    MutexLock lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, status] : answers_) names.push_back(name);
    return names;
  }
  std::vector<std::pair<bool, absl::Status>> Healths(size_t count) {
    MutexLock lock(mutex_);
    while (healths_.size() < count) changed_.Wait(mutex_);
    return healths_;
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<std::pair<std::string, absl::Status>> answers_
      ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<bool, absl::Status>> healths_ ABSL_GUARDED_BY(mutex_);
};

constexpr StoreWriterOptions kNeverRetry = {.retry_interval = absl::Hours(1)};
const absl::Status kFull = absl::ResourceExhaustedError("disk full");

TEST_CASE("StoreWriter: what is answered OK is in the store") {
  FakeStore store;
  Answers answers;
  StoreWriter writer(store, answers.Health());
  writer.Enqueue(PutOne("a"), answers.Expect("a"));
  CHECK(answers.StatusOf("a").ok());
  CHECK(store.commits().size() == 1);
  writer.Enqueue({}, answers.Expect("nothing"));
  CHECK(answers.StatusOf("nothing").ok());
  CHECK(store.commits().size() == 1);
  CHECK(writer.IsHealthy());
}

TEST_CASE("StoreWriter: what waits meanwhile goes in one transaction") {
  FakeStore store;
  Answers answers;
  StoreWriter writer(store, answers.Health());
  store.Hang();
  writer.Enqueue(PutOne("first"), answers.Expect("first"));
  store.WaitForTries(1);
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::to_string(i);
    writer.Enqueue(PutOne(name), answers.Expect(name));
  }
  store.Resume();
  CHECK(writer.Flush().ok());
  const auto commits = store.commits();
  REQUIRE(commits.size() == 2);
  REQUIRE(commits[1].size() == 100);
  const std::vector<std::string> names = answers.Names();
  REQUIRE(names.size() == 101);
  CHECK(names[0] == "first");
  for (size_t i = 0; i < 100; ++i) {
    CHECK(std::get<PutModel>(commits[1][i]).spec.id == std::to_string(i));
    CHECK(names[i + 1] == std::to_string(i));
  }
}

TEST_CASE("StoreWriter: a failure is told at once and the changes are kept") {
  FakeStore store;
  Answers answers;
  StoreWriter writer(store, answers.Health(), kNeverRetry);
  store.FailWith(kFull);
  writer.Enqueue(PutOne("a"), answers.Expect("a"));
  CHECK(answers.StatusOf("a") == kFull);
  CHECK_FALSE(writer.IsHealthy());
  // Not even tried before the retry is due.
  writer.Enqueue(PutOne("b"), answers.Expect("b"));
  CHECK(answers.StatusOf("b") == kFull);
  CHECK(store.tries() == 1);
  CHECK(writer.Flush() == kFull);
  CHECK(store.tries() == 2);

  store.FailWith(absl::OkStatus());
  CHECK(writer.Flush().ok());
  CHECK(writer.IsHealthy());
  const auto commits = store.commits();
  REQUIRE(commits.size() == 1);
  CHECK(commits[0].size() == 2);
  const auto healths = answers.Healths(2);
  REQUIRE(healths.size() == 2);
  CHECK(healths[0] == std::pair(false, kFull));
  CHECK(healths[1] == std::pair(true, absl::OkStatus()));
}

TEST_CASE("StoreWriter: tries again by itself until it succeeds") {
  FakeStore store;
  Answers answers;
  StoreWriter writer(store, answers.Health(),
                     {.retry_interval = absl::Milliseconds(1)});
  store.FailWith(kFull);
  writer.Enqueue(PutOne("a"), {});
  store.WaitForTries(3);
  store.FailWith(absl::OkStatus());
  store.WaitForCommits(1);
  CHECK(answers.Healths(2)[1].first);
  CHECK(answers.Healths(2).size() == 2);
}

TEST_CASE("StoreWriter: what it keeps is bounded, and refused as a whole") {
  FakeStore store;
  Answers answers;
  StoreWriter writer(store, answers.Health(),
                     {.retry_interval = absl::Hours(1), .max_pending = 3});
  store.FailWith(kFull);
  writer.Enqueue({Put("a"), Put("b")}, answers.Expect("ab"));
  CHECK(answers.StatusOf("ab") == kFull);
  // The same things again take no more room.
  writer.Enqueue(PutOne("a"), answers.Expect("a"));
  CHECK(answers.StatusOf("a") == kFull);
  writer.Enqueue({Put("c"), Put("d")}, answers.Expect("cd"));
  CHECK(GetErrorDetails(answers.StatusOf("cd")).reason == "STORE_BACKLOG");
  store.FailWith(absl::OkStatus());
  CHECK(writer.Flush().ok());
  CHECK(store.commits().at(0).size() == 2);

  // The queue of a store that hangs is bounded too.
  const size_t tries = store.tries();
  store.Hang();
  writer.Enqueue(PutOne("e"), answers.Expect("e"));
  store.WaitForTries(tries + 1);
  writer.Enqueue({Put("f"), Put("g"), Put("h")}, answers.Expect("fgh"));
  writer.Enqueue(PutOne("i"), answers.Expect("i"));
  store.Resume();
  CHECK(answers.StatusOf("fgh").ok());
  CHECK(answers.StatusOf("i").code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("StoreWriter: a change that the store never takes stops nobody") {
  FakeStore store;
  Answers answers;
  StoreWriter writer(store, answers.Health());
  store.Refuse("bad");
  writer.Enqueue({Put("good"), Put("bad"), Put("fine")},
                 answers.Expect("group"));
  CHECK(answers.StatusOf("group").code() == absl::StatusCode::kInvalidArgument);
  CHECK(store.commits().size() == 2);
  CHECK(writer.IsHealthy());
  writer.Enqueue(PutOne("next"), answers.Expect("next"));
  CHECK(answers.StatusOf("next").ok());
}

TEST_CASE("StoreWriter: stopping writes what is queued, then refuses") {
  FakeStore store;
  Answers answers;
  {
    StoreWriter writer(store, answers.Health(), kNeverRetry);
    store.FailWith(kFull);
    writer.Enqueue(PutOne("a"), answers.Expect("a"));
    CHECK(answers.StatusOf("a") == kFull);
    store.FailWith(absl::OkStatus());
    for (int i = 0; i < 10; ++i) {
      writer.Enqueue(PutOne(std::to_string(i)), {});
    }
    writer.Stop();
    size_t written = 0;
    for (const auto& commit : store.commits()) written += commit.size();
    CHECK(written == 11);
    writer.Enqueue(PutOne("late"), answers.Expect("late"));
    CHECK(answers.StatusOf("late").code() == absl::StatusCode::kUnavailable);
    writer.Stop();
    CHECK(writer.Flush().code() == absl::StatusCode::kUnavailable);
  }
  CHECK(store.commits().size() <= 2);
}

TEST_CASE("StoreWriter: a callback may enqueue, no lock is held") {
  FakeStore store;
  Answers answers;
  StoreWriter writer(store, answers.Health());
  writer.Enqueue(PutOne("a"), [&](const absl::Status&) {
    writer.IsHealthy();
    writer.Enqueue(PutOne("b"), answers.Expect("b"));
  });
  CHECK(answers.StatusOf("b").ok());
}

TEST_CASE("StoreWriter: everybody who enqueues at once is answered") {
  FakeStore store;
  Answers answers;
  std::atomic<int> ok_count = 0;
  {
    StoreWriter writer(store, answers.Health());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 250; ++i) {
          writer.Enqueue(PutOne(std::to_string(t * 1000 + i)),
                         [&ok_count](const absl::Status& status) {
                           if (status.ok()) ++ok_count;
                         });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(ok_count == 1000);
  size_t written = 0;
  for (const auto& commit : store.commits()) written += commit.size();
  CHECK(written == 1000);
}

}  // namespace
}  // namespace warmup
