#include "core/model/catalogue.h"

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

TEST_CASE("Catalogue: another source voids what was measured") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m")).ok());
  catalogue.RecordLoad("m", absl::Seconds(4), 2 << 20);
  CHECK(catalogue.Find("m")->measured.load_count == 1);
  REQUIRE(catalogue.Update(Spec("m"), std::nullopt).ok());
  CHECK(catalogue.Find("m")->measured.load_count == 1);
  ModelSpec moved = Spec("m");
  moved.source = "/elsewhere";
  REQUIRE(catalogue.Update(moved, std::nullopt).ok());
  CHECK(catalogue.Find("m")->measured == ModelMeasurements{});
}

TEST_CASE("Catalogue: never sets aside less than was seen") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("m")).ok());
  CHECK(catalogue.Find("m")->PeakBytes() == 1 << 20);
  catalogue.RecordLoad("m", absl::Seconds(1), 5 << 20);
  CHECK(catalogue.Find("m")->PeakBytes() == 5 << 20);
}

TEST_CASE("Catalogue: estimates from the speed of others until measured") {
  Catalogue catalogue;
  REQUIRE(catalogue.Register(Spec("known")).ok());
  REQUIRE(catalogue.Register(Spec("new")).ok());
  const absl::Duration before =
      catalogue.EstimateLoadTime(*catalogue.Find("new"));
  for (int i = 0; i < 50; ++i) {
    catalogue.RecordLoad("known", absl::Seconds(2), 1 << 20);
  }
  const absl::Duration after =
      catalogue.EstimateLoadTime(*catalogue.Find("new"));
  CHECK(after > before);
  CHECK(absl::ToDoubleSeconds(after) == Approx(2).epsilon(0.05));
  CHECK(catalogue.EstimateLoadTime(*catalogue.Find("known")) ==
        absl::Seconds(2));
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
