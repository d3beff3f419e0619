#include "adapters/engines/ollama/model_book.h"

#include "tests/support/catch.h"

namespace warmup::ollama {
namespace {

ListedModel Listed(const std::string& name, const std::string& digest) {
  return {.name = name, .digest = digest, .size_bytes = 7};
}

}  // namespace

TEST_CASE("ModelBook: a name has one full writing") {
  CHECK(FullName("qwen") == "qwen:latest");
  CHECK(FullName("qwen:1.5b") == "qwen:1.5b");
  CHECK(FullName("library/qwen") == "qwen:latest");
  CHECK(FullName("registry.ollama.ai/library/qwen:7b") == "qwen:7b");
  CHECK(FullName("hf.co:443/org/model") == "hf.co:443/org/model:latest");
  CHECK(FullName("me/qwen") == "me/qwen:latest");
}

TEST_CASE("ModelBook: finds what serves a name, itself by preference") {
  ModelBook book;
  book.Replace({Listed("a:latest", "1"), Listed("b:latest", "1"),
                Listed("c:latest", "2"), Listed("d:latest", "")});
  REQUIRE(book.Find("a") != nullptr);
  CHECK(book.Find("a")->size_bytes == 7);
  CHECK(book.Find("x") == nullptr);

  const std::vector<RunningModel> shown_as_a = {
      {.name = "a:latest", .digest = "1"}};
  CHECK(book.FindRunning(shown_as_a, "a") == &shown_as_a[0]);
  CHECK(book.FindRunning(shown_as_a, "b") == &shown_as_a[0]);
  CHECK(book.FindRunning(shown_as_a, "c") == nullptr);
  CHECK(book.FindRunning(shown_as_a, "x") == nullptr);
  const std::vector<RunningModel> both = {{.name = "a:latest", .digest = "1"},
                                          {.name = "b:latest", .digest = "1"}};
  CHECK(book.FindRunning(both, "b") == &both[1]);
  // Without digests names are all there is.
  const std::vector<RunningModel> bare = {{.name = "x"}, {.name = ""}};
  CHECK(book.FindRunning(bare, "d") == nullptr);
  CHECK(book.FindRunning(bare, "x:latest") == &bare[0]);
}

TEST_CASE("ModelBook: models that rest on one file share a runner") {
  ModelBook book;
  book.Replace({Listed("base", "1"), Listed("mine", "2")});
  const std::vector<RunningModel> running = {{.name = "base", .digest = "1"}};
  CHECK(book.FindRunning(running, "mine") == nullptr);
  book.SetBlob("base", "/blobs/x");
  CHECK(book.FindRunning(running, "mine") == nullptr);
  book.SetBlob("mine", "/blobs/x");
  CHECK(book.FindRunning(running, "mine") == &running[0]);

  // What was learned stays until the model changes.
  book.Replace({Listed("base", "1"), Listed("mine", "2")});
  CHECK(book.FindRunning(running, "mine") == &running[0]);
  book.Replace({Listed("base", "1"), Listed("mine", "3")});
  CHECK(book.FindRunning(running, "mine") == nullptr);
}

}  // namespace warmup::ollama
