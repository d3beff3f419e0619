// warmup.v1.ModelService of a real daemon: the catalogue, holds, policy, watch.
// Loads have a file of their own.

#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

using grpc::StatusCode;

grpc::Status RegisterStatus(ServedDaemon& served, const std::string& spec) {
  return served.client.Ask(&Models::RegisterModel, "spec { " + spec + " }")
      .status;
}

grpc::Status RegisterSpec(ServedDaemon& served,
                          const std::function<void(v1::ModelSpec&)>& spoil) {
  v1::RegisterModelRequest request;
  request.mutable_spec()->set_model_id("m");
  request.mutable_spec()->set_source(served.home.File("good"));
  spoil(*request.mutable_spec());
  return served.client.Ask(&Models::RegisterModel, request).status;
}

TEST_CASE("RegisterModel: takes what is given, finds out the rest") {
  ServedDaemon served;
  const std::string path = served.home.MakeModel("file", 3 * kMib);
  const v1::Model model =
      served.client
          .Ask(&Models::RegisterModel,
               "spec { model_id: 'org/m:1b' source: '" + path +
                   "' model_type: MODEL_TYPE_CHAT priority: "
                   "REQUEST_PRIORITY_HIGH is_pinned: true "
                   "labels { key: 'k' value: 'v' } }")
          .Must()
          .model();
  CHECK(model.spec().model_id() == "org/m:1b");
  CHECK(model.spec().model_type() == v1::MODEL_TYPE_CHAT);
  CHECK(model.spec().engine() == "files");
  CHECK(model.spec().device() == "host");
  CHECK(model.spec().source() == path);
  CHECK(model.spec().priority() == v1::REQUEST_PRIORITY_HIGH);
  CHECK(model.spec().is_pinned());
  CHECK(model.spec().size_bytes() == 3 * kMib);
  CHECK(model.spec().peak_bytes() == 3 * kMib);
  CHECK(model.spec().format() == "raw");
  CHECK(model.spec().labels().at("k") == "v");
  CHECK(model.spec().revision() == 1);
  CHECK(model.state() == v1::MODEL_STATE_COLD);
  CHECK(model.tier() == v1::MODEL_TIER_COLD);
  CHECK(model.held_bytes() == 0);
  CHECK(served.Get("org/m:1b").SerializeAsString() ==
        model.SerializeAsString());
}

TEST_CASE("RegisterModel: what is wrong is named, and nothing is taken") {
  ServedDaemon served;
  served.home.MakeModel("good", kMib);
  const std::string missing = served.home.File("missing");
  const std::string damaged = served.home.File("damaged.gguf");
  std::ofstream(damaged) << "GGUF and then nothing of the kind";
  const std::string source = "source: '" + served.home.File("good") + "' ";
  const auto status = [&](const std::string& spec) {
    return RegisterStatus(served, spec);
  };
  CheckInvalid(status(source), "spec.model_id");
  CheckInvalid(status(source + "model_id: 'two words'"), "spec.model_id");
  CheckInvalid(status(source + "model_id: '" + std::string(257, 'x') + "'"),
               "spec.model_id");
  CheckInvalid(status("model_id: 'm'"), "spec.source");
  CheckInvalid(status("model_id: 'm' source: 'relative'"), "spec.source");
  CheckInvalid(
      status("model_id: 'm' source: '/" + std::string(4096, 'x') + "'"),
      "spec.source");
  const auto spoilt = [&](const std::function<void(v1::ModelSpec&)>& spoil) {
    return RegisterSpec(served, spoil);
  };
  using Spec = v1::ModelSpec;
  CheckInvalid(spoilt([](Spec& s) { s.set_size_bytes(-1); }),
               "spec.size_bytes");
  CheckInvalid(spoilt([](Spec& s) { s.set_size_bytes(int64_t{1} << 62); }),
               "spec.size_bytes");
  CheckInvalid(spoilt([](Spec& s) { s.set_peak_bytes(-1); }),
               "spec.peak_bytes");
  CheckInvalid(spoilt([](Spec& s) { s.set_context_length(-1); }),
               "spec.context_length");
  CheckInvalid(
      spoilt([](Spec& s) { s.set_architecture(std::string(257, 'x')); }),
      "spec.architecture");
  CheckInvalid(
      spoilt([](Spec& s) { s.set_model_type(static_cast<v1::ModelType>(99)); }),
      "spec.model_type");
  CheckInvalid(spoilt([](Spec& s) {
                 s.set_priority(static_cast<v1::RequestPriority>(-1));
               }),
               "spec.priority");
  CheckInvalid(spoilt([](Spec& s) {
                 for (int i = 0; i <= 64; ++i) {
                   (*s.mutable_labels())[std::to_string(i)] = "";
                 }
               }),
               "spec.labels");
  CheckError(status(source + "model_id: 'm' engine: 'ollama'"),
             StatusCode::NOT_FOUND, "ENGINE_NOT_FOUND",
             {{"engine", "ollama"}, {"model", "m"}});
  CheckError(status(source + "model_id: 'm' device: 'gpu7'"),
             StatusCode::NOT_FOUND, "DEVICE_NOT_FOUND",
             {{"device", "gpu7"}, {"model", "m"}});
  CheckError(status("model_id: 'm' source: '" + missing + "'"),
             StatusCode::NOT_FOUND, "FILE_NOT_FOUND", {{"path", missing}});
  CHECK(status("model_id: 'm' source: '" + damaged + "'").error_code() ==
        StatusCode::FAILED_PRECONDITION);
  CHECK(served.client.Ask(&Models::ListModels).Must().models_size() == 0);
  CHECK(served.EventTypes().empty());
}

TEST_CASE("RegisterModel: an id that is taken is told so, and stays as it is") {
  ServedDaemon served;
  served.Register("m");
  const std::string other = served.home.MakeModel("other", 2 * kMib);
  CheckError(RegisterStatus(served, "model_id: 'm' source: '" + other + "'"),
             StatusCode::ALREADY_EXISTS, "MODEL_EXISTS", {{"model", "m"}});
  CHECK(served.Get("m").spec().size_bytes() == kMib);
  CHECK(served.Get("m").spec().revision() == 1);
}

TEST_CASE("UpdateModel: replaces the entry, if it is the one that was read") {
  ServedDaemon served;
  const std::string path = served.Register("m");
  const std::string spec = "spec { model_id: 'm' source: '" + path +
                           "' labels { key: 'k' value: 'v' } }";
  const v1::Model updated =
      served.client.Ask(&Models::UpdateModel, spec + "expected_revision: 1")
          .Must()
          .model();
  CHECK(updated.spec().revision() == 2);
  CHECK(updated.spec().labels().at("k") == "v");
  CHECK(updated.spec().size_bytes() == kMib);
  CheckError(
      served.client.Ask(&Models::UpdateModel, spec + "expected_revision: 1")
          .status,
      StatusCode::FAILED_PRECONDITION, "REVISION_MISMATCH",
      {{"model", "m"}, {"revision", "2"}});
  CHECK(served.Get("m").spec().revision() == 2);
}

TEST_CASE("UpdateModel: what is wrong is named, and nothing is changed") {
  ServedDaemon served;
  const std::string path = served.Register("m");
  const std::string good = "model_id: 'm' source: '" + path + "' ";
  const auto status = [&](const std::string& spec) {
    return served.client.Ask(&Models::UpdateModel, "spec { " + spec + " }")
        .status;
  };
  CheckError(status("model_id: 'nobody' source: '" + path + "'"),
             StatusCode::NOT_FOUND, "MODEL_NOT_FOUND", {{"model", "nobody"}});
  CheckInvalid(status("model_id: 'm'"), "spec.source");
  CheckInvalid(status(good + "size_bytes: -1"), "spec.size_bytes");
  CheckError(status(good + "engine: 'ollama'"), StatusCode::NOT_FOUND,
             "ENGINE_NOT_FOUND", {{"engine", "ollama"}});
  CheckError(status("model_id: 'm' source: '/no/such/file'"),
             StatusCode::NOT_FOUND, "FILE_NOT_FOUND",
             {{"path", "/no/such/file"}});
  served.Load("m").Must();
  const std::string other = served.home.MakeModel("other", kMib);
  CheckError(status("model_id: 'm' source: '" + other + "'"),
             StatusCode::FAILED_PRECONDITION, "MODEL_IN_USE", {{"model", "m"}});
  CHECK(served.Get("m").spec().revision() == 1);
  CHECK(served.Get("m").spec().source() == path);
}

TEST_CASE("RemoveModel: forgets what is cold and nobody holds") {
  ServedDaemon served;
  served.Register("m");
  const std::string m = "model_id: 'm'";
  const auto remove = [&] {
    return served.client.Ask(&Models::RemoveModel, m).status;
  };
  const auto check_in_use = [&] {
    CheckError(remove(), StatusCode::FAILED_PRECONDITION, "MODEL_IN_USE",
               {{"model", "m"}});
  };
  served.Load("m").Must();
  check_in_use();
  served.client.Ask(&Models::UnloadModel, m).Must();
  served.client.Ask(&Models::PinModel, m + " is_pinned: true").Must();
  check_in_use();
  served.client.Ask(&Models::PinModel, m).Must();
  const std::string lease =
      served.client.Ask(&Models::AcquireLease, m + " duration { seconds: 60 }")
          .Must()
          .lease()
          .lease_id();
  check_in_use();
  served.client.Ask(&Models::ReleaseLease, "lease_id: '" + lease + "'").Must();
  CHECK(remove().ok());
  CheckError(remove(), StatusCode::NOT_FOUND, "MODEL_NOT_FOUND",
             {{"model", "m"}});
  CheckError(served.client.Ask(&Models::GetModel, m).status,
             StatusCode::NOT_FOUND, "MODEL_NOT_FOUND", {{"model", "m"}});
}

TEST_CASE("ListModels: pages hold together while models come and go") {
  ServedDaemon served;
  for (const char* id : {"e", "c", "a", "d", "b"}) served.Register(id);
  std::vector<std::string> ids;
  std::string token;
  do {
    const auto page = served.client
                          .Ask(&Models::ListModels,
                               "page_size: 2 page_token: '" + token + "'")
                          .Must();
    CHECK(page.models_size() <= 2);
    for (const v1::Model& model : page.models()) {
      ids.push_back(model.spec().model_id());
    }
    token = page.next_page_token();
    // What was told before is none of the next page's business.
    served.client.Ask(&Models::RemoveModel, "model_id: 'a'");
  } while (!token.empty());
  CHECK(ids == std::vector<std::string>{"a", "b", "c", "d", "e"});
  for (const char* size : {"-1", "1001"}) {
    CheckInvalid(
        served.client
            .Ask(&Models::ListModels, std::string("page_size: ") + size)
            .status,
        "page_size");
  }
}

TEST_CASE("ModelService: an unknown model is named by every method") {
  ServedDaemon served;
  const std::string nobody = "model_id: 'nobody'";
  const auto check = [](const grpc::Status& status) {
    CheckError(status, StatusCode::NOT_FOUND, "MODEL_NOT_FOUND",
               {{"model", "nobody"}});
  };
  Client& client = served.client;
  check(client.Ask(&Models::GetModel, nobody).status);
  check(client.Ask(&Models::RemoveModel, nobody).status);
  check(client.Ask(&Models::PinModel, nobody).status);
  check(client.Ask(&Models::LoadModel, nobody).status);
  check(client.Ask(&Models::LoadModel, nobody + " wait: true").status);
  check(client.Ask(&Models::UnloadModel, nobody).status);
  check(client.Ask(&Models::AcquireLease, nobody + " duration { seconds: 1 }")
            .status);
  // Too long to be one, and too long for a message about it.
  const auto long_answer = client.Ask(
      &Models::GetModel, "model_id: '" + std::string(100'000, 'x') + "'");
  CHECK(long_answer.status.error_code() == StatusCode::NOT_FOUND);
  CHECK(ReadGrpcError(long_answer.status).reason == "MODEL_NOT_FOUND");
}

TEST_CASE("Leases: hold a model until they are released or over") {
  ServedDaemon served;
  served.Register("m");
  const auto acquire = [&](const std::string& duration) {
    return served.client.Ask(&Models::AcquireLease,
                             "model_id: 'm' duration { " + duration + " }");
  };
  for (const char* duration :
       {"", "seconds: -1", "nanos: 999999", "seconds: 86401",
        "seconds: 1 nanos: 1000000000"}) {
    INFO(duration);
    CheckInvalid(acquire(duration).status, "duration");
  }
  CHECK(served.Get("m").lease_count() == 0);
  const v1::Lease first = acquire("seconds: 60").Must().lease();
  const v1::Lease second = acquire("seconds: 60").Must().lease();
  CHECK(first.model_id() == "m");
  CHECK(first.lease_id() != second.lease_id());
  CHECK(served.Get("m").lease_count() == 2);
  const std::string id = "lease_id: '" + first.lease_id() + "'";
  CheckInvalid(served.client.Ask(&Models::RenewLease, id).status, "duration");
  const v1::Lease renewed =
      served.client.Ask(&Models::RenewLease, id + "duration { seconds: 600 }")
          .Must()
          .lease();
  CHECK(renewed.expire_time().seconds() > first.expire_time().seconds() + 500);
  served.client.Ask(&Models::ReleaseLease, id).Must();
  CHECK(served.Get("m").lease_count() == 1);
  const std::map<std::string, std::string> named = {
      {"lease", first.lease_id()}};
  CheckError(served.client.Ask(&Models::ReleaseLease, id).status,
             StatusCode::NOT_FOUND, "LEASE_NOT_FOUND", named);
  CheckError(
      served.client.Ask(&Models::RenewLease, id + "duration { seconds: 1 }")
          .status,
      StatusCode::NOT_FOUND, "LEASE_NOT_FOUND", named);
  acquire("nanos: 1000000").Must();
  CHECK(Eventually([&] { return served.Get("m").lease_count() == 1; }));
}

TEST_CASE("PinModel: is a change of the entry") {
  ServedDaemon served;
  served.Register("m");
  const auto pin = [&](const char* is_pinned) {
    return served.client
        .Ask(&Models::PinModel,
             std::string("model_id: 'm' is_pinned: ") + is_pinned)
        .Must()
        .model();
  };
  CHECK(pin("true").spec().is_pinned());
  CHECK(pin("true").spec().revision() == 3);
  CHECK_FALSE(pin("false").spec().is_pinned());
}

TEST_CASE("SetSwitchingPolicy: holds at once, or is refused as a whole") {
  ServedDaemon served;
  Client& client = served.client;
  const auto get = [&] {
    return client.Ask(&Models::GetSwitchingPolicy).Must().policy();
  };
  CHECK(get().switching_timeout_ms() == 300'000);
  CHECK(get().max_concurrent_loads() == 1);
  CHECK(get().predictive_preloading());
  const v1::SwitchingPolicy set =
      client
          .Ask(&Models::SetSwitchingPolicy,
               "policy { max_concurrent_models: 3 switching_timeout_ms: 5000 "
               "resource_aware_switching: true max_concurrent_loads: 2 }")
          .Must()
          .policy();
  CHECK(get().SerializeAsString() == set.SerializeAsString());
  CHECK(set.max_concurrent_models() == 3);
  CHECK_FALSE(set.predictive_preloading());
  CheckInvalid(client.Ask(&Models::SetSwitchingPolicy).status, "policy");
  for (const auto& [policy, field] :
       std::vector<std::pair<std::string, std::string>>{
           {"max_concurrent_models: -1", "max_concurrent_models"},
           {"max_concurrent_models: 10001", "max_concurrent_models"},
           {"max_concurrent_loads: -1", "max_concurrent_loads"},
           {"max_concurrent_loads: 65", "max_concurrent_loads"},
           {"memory_price: '-1'", "memory_price"},
           {"switching_timeout_ms: 99", "switching_timeout_ms"},
           {"switching_timeout_ms: 3600001", "switching_timeout_ms"}}) {
    CheckInvalid(
        client.Ask(&Models::SetSwitchingPolicy, "policy { " + policy + " }")
            .status,
        "policy." + field);
  }
  CHECK(get().SerializeAsString() == set.SerializeAsString());
}

// Reads until `id` is told, as a model or as removed.
v1::WatchModelsResponse ReadUntil(AnswerStream<v1::WatchModelsResponse>& watch,
                                  const std::string& id) {
  for (auto told = watch.Next(); told.has_value(); told = watch.Next()) {
    for (const v1::Model& model : told->models()) {
      if (model.spec().model_id() == id) return *told;
    }
    for (const std::string& removed : told->removed_model_ids()) {
      if (removed == id) return *told;
    }
  }
  FAIL("the watch ended before it told of " << id);
  return {};
}

TEST_CASE("WatchModels: first all, then what changes") {
  ServedDaemon served;
  served.Register("a");
  served.Register("b");
  // What was just answered may still be on its way to the watches.
  auto early = served.client.Open(&Models::WatchModels);
  ReadUntil(early, "b");
  auto all = served.client.Open(&Models::WatchModels);
  const auto snapshot = all.Next();
  REQUIRE(snapshot.has_value());
  CHECK(snapshot->models_size() == 2);
  CHECK(snapshot->is_snapshot_complete());
  auto one = served.client.Open(&Models::WatchModels, "model_ids: 'later'");
  const auto nothing_yet = one.Next();
  REQUIRE(nothing_yet.has_value());
  CHECK(nothing_yet->models_size() == 0);
  CHECK(nothing_yet->is_snapshot_complete());
  served.Register("later");
  for (auto* watch : {&all, &one}) {
    const auto change = ReadUntil(*watch, "later");
    CHECK(change.models_size() == 1);
    CHECK_FALSE(change.is_snapshot_complete());
  }
  served.client.Ask(&Models::RemoveModel, "model_id: 'a'").Must();
  served.client.Ask(&Models::RemoveModel, "model_id: 'later'").Must();
  CHECK(ReadUntil(all, "a").removed_model_ids_size() >= 1);
  const auto gone = ReadUntil(one, "later");
  CHECK(gone.removed_model_ids_size() == 1);
  CHECK(gone.models_size() == 0);
  auto bad = served.client.Open(&Models::WatchModels, "model_ids: 'a b'");
  CheckInvalid(bad.Finish(), "model_ids");
}

}  // namespace
}  // namespace warmup
