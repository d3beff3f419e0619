#ifndef WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_FAKE_SUBJECT_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_FAKE_SUBJECT_H_

#include <memory>
#include <string>
#include <utility>

#include "adapters/engines/http/http_client.h"
#include "tests/engines/contract/subject.h"
#include "tests/support/eventually.h"

namespace warmup::contract {

// What subjects have in common whose server is a fake on FakeHttp that holds
// its loads (HoldLoads, AwaitLoading) and lies about them (LieAboutLoads).
template <class Adapter, class Fake>
class FakeSubject : public Subject {
 public:
  ~FakeSubject() override {
    fake_->HoldLoads(false);
    engine_ = nullptr;  // before the server: it closes its connections
  }

  Engine& engine() override { return *engine_; }

  void HoldLoads(bool are_held) override { fake_->HoldLoads(are_held); }
  void AwaitLoading(const std::string& model) override {
    fake_->AwaitLoading(model);
  }
  void Kill() override {
    is_up_ = false;
    fake_->Stop();
    fake_->Restart();
  }
  void Start() override {
    fake_->StartAgain();
    is_up_ = true;
  }
  void Hang() override { fake_->Hang(kEvery); }
  void Resume() override { fake_->FakeHttp::Heal(); }
  void Fail(Fault fault) override {
    switch (fault) {
      case Fault::kGarbage:
        return fake_->Answer(kEvery, 200, "\xff\xfe{");
      case Fault::kWithoutEnd:
        return fake_->AnswerWithoutEnd(kEvery);
      case Fault::kSlow:
        return fake_->AnswerAfter(kSlowness);
      case Fault::kLies:
        return fake_->LieAboutLoads(true);
      case Fault::kOtherServer:
        return fake_->Answer(kEvery, 404, "404 page not found");
    }
  }
  void Heal() override {
    fake_->FakeHttp::Heal();
    fake_->LieAboutLoads(false);
  }

 protected:
  FakeSubject(Description description, std::unique_ptr<Fake> fake,
              const std::string& id, typename Adapter::Options options)
      : Subject(std::move(description)),
        fake_(std::move(fake)),
        user_(ClientOf("user", fake_->endpoint())),
        engine_(std::make_unique<Adapter>(ClientOf(id, fake_->endpoint()),
                                          std::move(options))) {}

  Fake& fake() { return *fake_; }
  Adapter& adapter() { return *engine_; }
  bool is_up() const { return is_up_; }
  // As somebody else would.
  absl::Status Post(const std::string& path, const std::string& body) {
    const auto answer = user_->Post(path, body, {.timeout = kPatience});
    if (!answer.ok()) return answer.status();
    return answer->status == 200 ? absl::OkStatus()
                                 : absl::UnknownError(answer->body);
  }

 private:
  static constexpr const char* kEvery = Fake::kEveryPath;

  static std::unique_ptr<HttpClient> ClientOf(const std::string& id,
                                              const std::string& endpoint) {
    return *HttpClient::Create(
        {.engine = id, .endpoint = endpoint, .bearer_token = {}});
  }

  const std::unique_ptr<Fake> fake_;
  const std::unique_ptr<HttpClient> user_;
  std::unique_ptr<Adapter> engine_;
  bool is_up_ = true;
};

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_FAKE_SUBJECT_H_
