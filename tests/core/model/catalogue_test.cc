#include "core/model/catalogue.h"

#include <utility>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

ModelSpec Spec(const ModelId& id) {
  ModelSpec spec;
  spec.id = id;
  spec.engine = "files";
  spec.source = "/models/" + id;
  spec.size_bytes = 1 << 20;
  return spec;
}

TEST_CASE("Catalogue: an id is registered once") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m"))->revision == 1);
  const auto again = catalogue.Register(Spec("m"));
  CHECK(again.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(catalogue.size() == 1);
}

TEST_CASE("Catalogue: an update demands the revision it was based on") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m")).ok());
  REQUIRE(catalogue.Update(Spec("m"), 1)->revision == 2);
  const auto stale = catalogue.Update(Spec("m"), 1);
  CHECK(stale.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(GetErrorDetails(stale.status()).metadata.at("revision") == "2");
  CHECK(catalogue.Update(Spec("n"), std::nullopt).status().code() ==
        absl::StatusCode::kNotFound);
}

Catalogue::FinishedLoad Load(LoadStart start, absl::Duration time,
                             int64_t steady_bytes = 1 << 20) {
  return {.start = start, .time = time, .steady_bytes = steady_bytes};
}

Catalogue::FinishedLoad Cold(absl::Duration time) {
  return Load(LoadStart::kCold, time);
}

Catalogue::FinishedLoad Warm(absl::Duration time) {
  return Load(LoadStart::kWarm, time);
}

TEST_CASE("Catalogue: what was measured holds until the model is another") {
  const ModelSpec spec = Spec("m");
  ModelSpec same = spec;
  same.priority = Priority::kCritical;
  same.is_pinned = true;
  same.labels = {{"owner", "ada"}};
  ModelSpec engine = spec;
  engine.engine = "ollama";
  ModelSpec source = spec;
  source.source = "/elsewhere";
  ModelSpec device = spec;
  device.device = "gpu0";
  ModelSpec options = spec;
  options.context_length = 8192;
  for (const auto& [update, holds] :
       {std::pair(same, true), std::pair(engine, false),
        std::pair(source, false), std::pair(device, false),
        std::pair(options, false)}) {
    Catalogue catalogue;
    REQUIRE(catalogue.Register(spec).ok());
    catalogue.RecordLoad("m", Cold(absl::Seconds(4)));
    catalogue.RecordFirstAnswer("m", absl::Milliseconds(30));
    const ModelMeasurements measured = catalogue.Find("m")->measured;
    REQUIRE(measured.cold_load == LearnedTime{1, absl::Seconds(4)});
    REQUIRE(catalogue.Update(update, std::nullopt).ok());
    CHECK(catalogue.Find("m")->measured ==
          (holds ? measured : ModelMeasurements{}));
  }
}

TEST_CASE("Catalogue: never sets aside less than was seen") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m")).ok());
  CHECK(catalogue.Find("m")->PeakBytes() == 1 << 20);
  catalogue.RecordLoad("m", Load(LoadStart::kCold, absl::Seconds(1), 5 << 20));
  CHECK(catalogue.Find("m")->PeakBytes() == 5 << 20);
  CHECK(catalogue.Find("m")->measured.memory_count == 1);
}

TEST_CASE("Catalogue: memory that no engine shows is not measured") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m")).ok());
  catalogue.RecordLoad("m", Load(LoadStart::kCold, absl::Seconds(1), 5 << 20));
  catalogue.RecordLoad("m", Load(LoadStart::kCold, absl::Seconds(1), 0));
  CHECK(catalogue.Find("m")->measured.memory_count == 1);
  CHECK(catalogue.Find("m")->PeakBytes() == 5 << 20);
}

TEST_CASE("Catalogue: a peak that was measured takes the estimate's place") {
  ModelSpec spec = Spec("m");
  spec.peak_bytes = 9 << 20;
  Catalogue catalogue;
  REQUIRE(catalogue.Register(spec).ok());
  catalogue.RecordLoad("m", Cold(absl::Seconds(1)));
  CHECK(catalogue.Find("m")->PeakBytes() == 9 << 20);
  Catalogue::FinishedLoad load = Cold(absl::Seconds(1));
  load.peak_bytes = 3 << 20;
  catalogue.RecordLoad("m", load);
  CHECK(catalogue.Find("m")->PeakBytes() == 3 << 20);
  load.steady_bytes = 4 << 20;
  catalogue.RecordLoad("m", load);
  CHECK(catalogue.Find("m")->PeakBytes() == 4 << 20);
}

TEST_CASE("Catalogue: cold and warm loads are learned apart, and counted") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m")).ok());
  const auto estimate = [&](bool is_warm) {
    return catalogue.EstimateLoad(*catalogue.Find("m"), is_warm);
  };
  catalogue.RecordLoad("m", Cold(absl::Seconds(8)));
  CHECK(estimate(false) == LearnedTime{1, absl::Seconds(8)});
  CHECK(estimate(true).count == 0);
  CHECK(estimate(true).mean <= absl::Seconds(8));
  catalogue.RecordLoad("m", Warm(absl::Seconds(1)));
  catalogue.RecordLoad("m", Warm(absl::Seconds(2)));
  CHECK(estimate(false) == LearnedTime{1, absl::Seconds(8)});
  CHECK(estimate(true) == LearnedTime{2, absl::Seconds(1.5)});
  // Nothing was loaded.
  catalogue.RecordLoad("m",
                       Load(LoadStart::kReady, absl::Milliseconds(1), 2 << 20));
  CHECK(estimate(true) == LearnedTime{2, absl::Seconds(1.5)});
  CHECK(catalogue.Find("m")->measured.steady_bytes == 2 << 20);
}

TEST_CASE("Catalogue: a mean follows what changes") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m")).ok());
  for (const int seconds : {1, 2, 3, 2}) {
    catalogue.RecordLoad("m", Cold(absl::Seconds(seconds)));
  }
  const auto mean = [&] {
    return absl::ToDoubleSeconds(catalogue.Find("m")->measured.cold_load.mean);
  };
  CHECK(mean() == Approx(2));
  catalogue.RecordLoad("m", Cold(absl::Seconds(6)));
  CHECK(mean() == Approx(3));
  for (int i = 0; i < 20; ++i) {
    catalogue.RecordLoad("m", Cold(absl::Seconds(6)));
  }
  CHECK(mean() == Approx(6).epsilon(0.01));
}

TEST_CASE("Catalogue: a load of unknown kind counts where nothing better is") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m")).ok());
  const auto estimate = [&](bool is_warm) {
    return catalogue.EstimateLoad(*catalogue.Find("m"), is_warm);
  };
  catalogue.RecordLoad("m", Load(LoadStart::kUnknown, absl::Seconds(3)));
  CHECK(estimate(false) == LearnedTime{1, absl::Seconds(3)});
  CHECK(estimate(true) == LearnedTime{1, absl::Seconds(3)});
  catalogue.RecordLoad("m", Cold(absl::Seconds(5)));
  CHECK(estimate(false) == LearnedTime{1, absl::Seconds(5)});
  CHECK(estimate(true) == LearnedTime{1, absl::Seconds(3)});
}

TEST_CASE("Catalogue: estimates from the speed of its engine until measured") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("known")).ok());
  REQUIRE(catalogue.Register(Spec("new")).ok());
  ModelSpec large = Spec("large");
  large.size_bytes = 4 << 20;
  REQUIRE(catalogue.Register(large).ok());
  ModelSpec elsewhere = Spec("elsewhere");
  elsewhere.engine = "ollama";
  REQUIRE(catalogue.Register(elsewhere).ok());
  const auto seconds = [&](const ModelId& id, bool is_warm) {
    const LearnedTime load =
        catalogue.EstimateLoad(*catalogue.Find(id), is_warm);
    CHECK(load.count == (id == "known" ? 1 : 0));
    return absl::ToDoubleSeconds(load.mean);
  };
  const double at_a_guess = 1.0 / 1024;  // 1 MiB at 1 GiB/s
  CHECK(seconds("new", false) == Approx(at_a_guess));
  CHECK(seconds("new", true) == Approx(at_a_guess));
  catalogue.RecordLoad("known", Cold(absl::Seconds(2)));
  CHECK(seconds("new", false) == Approx(2));
  CHECK(seconds("new", true) == Approx(2));  // at the most
  CHECK(seconds("large", false) == Approx(8));
  CHECK(seconds("elsewhere", false) == Approx(at_a_guess));
  catalogue.RecordLoad("known", Warm(absl::Seconds(0.5)));
  CHECK(seconds("known", true) == Approx(0.5));
  CHECK(seconds("new", false) == Approx(2));
  CHECK(seconds("new", true) == Approx(0.5));
  // With the model goes what it told.
  REQUIRE(catalogue.Remove("known").ok());
  CHECK(seconds("new", false) == Approx(at_a_guess));
}

TEST_CASE("Catalogue: the speed of an engine comes back with what was kept") {
  Catalogue catalogue;
  ModelMeasurements measured;
  measured.other_load = {4, absl::Seconds(2)};
  catalogue.Restore({Spec("known"), measured});
  catalogue.Restore({Spec("known"), measured});  // once
  catalogue.Restore({Spec("new"), {}});
  CHECK(absl::ToDoubleSeconds(
            catalogue.EstimateLoad(*catalogue.Find("new"), false).mean) ==
        Approx(2));
}

TEST_CASE("Catalogue: lists in order of id, page by page") {
  Catalogue catalogue;
  for (const char* id : {"c", "a", "b"}) {
    REQUIRE(catalogue.Register(Spec(id)).ok());
  }
  const auto first = catalogue.List("", 2);
  REQUIRE(first.size() == 2);
  CHECK(first[1]->spec.id == "b");
  const auto second = catalogue.List("b", 2);
  REQUIRE(second.size() == 1);
  CHECK(second[0]->spec.id == "c");
}

TEST_CASE("Catalogue: refuses more models than the limit, by name") {
  Catalogue catalogue;
  for (size_t i = 0; i < limits::kMaxModels; ++i) {
    REQUIRE(catalogue.Register(Spec("m" + std::to_string(i))).ok());
  }
  const auto refused = catalogue.Register(Spec("more"));
  CHECK(refused.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(GetErrorDetails(refused.status()).metadata["limit"] == "kMaxModels");
  REQUIRE(catalogue.Remove("m0").ok());
  CHECK(catalogue.Register(Spec("more")).ok());
}

}  // namespace
}  // namespace warmup
