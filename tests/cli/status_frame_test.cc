#include "clients/cli/status_frame.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/format.h"
#include "tests/cli/fake_daemon.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

StatusView View() {
  StatusView view;
  view.target = "unix:/d.sock";
  view.now = absl::FromUnixSeconds(1714557612);  // 12 s after the last use
  view.metrics = FakeMetrics();
  for (const v1::Model& model : FakeModels()) {
    view.models[model.spec().model_id()] = model;
  }
  view.events = FakeEvents();
  return view;
}

std::string Frame(const StatusView& view, int columns, int rows) {
  return absl::StrJoin(RenderStatus(view, Style::Plain(), {columns, rows}),
                       "\n");
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("StatusFrame: shows devices, models, demands and events") {
  const std::string frame = Frame(View(), 120, 0);
  CHECK(Has(frame, "warmupd · unix:/d.sock · up 2 h 3 min · 1 session"));
  CHECK(Has(frame, "5.5 GiB of 8 GiB held · 6 GiB of 16 GiB free"));
  CHECK(Has(frame,
            "coder:1.5b   ● ready                   1.05 GiB  ██▌   "
            "   42 %    12 s ago  pinned, 1 lease"));
  CHECK(Has(frame, "◐ loading ██        25 %"));
  CHECK(Has(frame, "on a forecast · 2 wait"));
  CHECK(Has(frame, "○ cold, in RAM"));
  CHECK(Has(frame, "mistral.gguf: it has vanished"));
  CHECK(Has(frame, "80 % warm · 15 % late · 5 % cold"));
  CHECK(Has(frame, "102 times, 2 in vain · waited 12.2 s · 2 wait"));
  CHECK(Has(frame, "model_ready"));
  CHECK_FALSE(Has(frame, "\033"));
}

TEST_CASE("StatusFrame: an engine that is away is told if it has models") {
  const std::string frame = Frame(View(), 120, 0);
  CHECK(
      Has(frame, "ollama has not been there for 3 min 5 s: nobody answers\n"));
  CHECK_FALSE(Has(frame, "lm-studio"));
  CHECK_FALSE(Has(frame, "files has"));
}

TEST_CASE("StatusFrame: no line is wider, and no frame higher, than asked") {
  StatusView view = View();
  for (int i = 0; i < 500; ++i) {
    v1::Model model = FakeModels().back();
    model.mutable_spec()->set_model_id(
        absl::StrCat("a-rather-long-name-of-a-model-", i));
    view.models[model.spec().model_id()] = model;
  }
  for (const int columns : {20, 60, 100, 200}) {
    for (const int rows : {5, 24, 60}) {
      const auto lines = RenderStatus(view, Style::Plain(), {columns, rows});
      CHECK(lines.size() <= static_cast<size_t>(rows));
      for (const std::string& line : lines) {
        CHECK(DisplayWidth(line) <= columns);
      }
    }
  }
}

TEST_CASE("StatusFrame: where room is short, busy and warm models are shown") {
  StatusView view = View();
  for (int i = 0; i < 50; ++i) {
    v1::Model model;
    model.mutable_spec()->set_model_id(absl::StrCat("cold-", i));
    model.set_state(v1::MODEL_STATE_COLD);
    model.set_tier(v1::MODEL_TIER_COLD);
    view.models[model.spec().model_id()] = model;
  }
  const std::string frame = Frame(view, 100, 24);
  CHECK(Has(frame, "coder:1.5b"));
  CHECK(Has(frame, "llama3.1:8b"));
  CHECK(Has(frame, "mistral"));
  CHECK(Has(frame, " more\n"));
  CHECK(Has(frame, "model_ready"));
}

TEST_CASE("StatusFrame: an empty daemon says what to do") {
  StatusView view;
  view.metrics.set_is_store_healthy(true);
  const std::string frame = Frame(view, 100, 0);
  CHECK(Has(frame, "warmupctl models register"));
  CHECK(Has(frame, "none yet"));
}

TEST_CASE("StatusFrame: trouble is told, the last known state stays") {
  StatusView view = View();
  view.trouble = "Connection refused";
  view.metrics.set_is_store_healthy(false);
  const std::string frame = Frame(view, 100, 0);
  CHECK(Has(frame, "no answer, trying again: Connection refused"));
  CHECK(Has(frame, "store cannot write"));
  CHECK(Has(frame, "coder:1.5b"));
}

}  // namespace
}  // namespace warmup::cli
