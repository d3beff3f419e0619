#include "adapters/engines/http/json_answer.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/catch.h"

namespace warmup::json_answer {

TEST_CASE("JSON answers: errors in the server's words, made printable") {
  CHECK(ReadError(R"({"error":"model 'x' not found"})") ==
        "model 'x' not found");
  CHECK(ReadError(R"({"error":{"message":"no"}})") == "no");
  CHECK(ReadError(R"({"error":"a\u001b[31m\nb"})") == "a?[31m?b");
  CHECK(ReadError(absl::StrCat(R"({"error":")", std::string(9'999, 'x'), "\"}"))
            .size() == 300);
  for (const char* text :
       {"", "{}", "null", R"({"error":null})", R"({"error":7})",
        R"({"error":{}})", R"({"error":[{}]})", "<html>502</html>"}) {
    CHECK(ReadError(text).empty());
  }
}

TEST_CASE("JSON answers: what is not told is nothing") {
  const auto object = ParseObject(
      R"({"text":"a b","word":"a-b:1","yes":true,"n":7,"f":1e30,"neg":-1,)"
      R"("list":[1],"null":null,"twice":1,"twice":2})");
  REQUIRE(object.ok());
  CHECK(TextAt(*object, "text") == "a b");
  CHECK(WordAt(*object, "text").empty());
  CHECK(WordAt(*object, "word") == "a-b:1");
  CHECK(BoolAt(*object, "yes"));
  CHECK_FALSE(BoolAt(*object, "n"));
  CHECK(NumberAt(*object, "n", 7) == 7);
  CHECK(NumberAt(*object, "n", 6) == 0);
  CHECK(BytesAt(*object, "f") == 0);
  CHECK(BytesAt(*object, "neg") == 0);
  CHECK(BytesAt(*object, "twice") == 2);
  CHECK(ListAt(*object, "list")->size() == 1);
  CHECK(ListAt(*object, "null")->empty());
  CHECK_FALSE(ListAt(*object, "text").ok());
  CHECK_FALSE(ListAt(*object, "nothing").ok());
  CHECK(At(*object, "nothing").is_null());
  CHECK(At(At(*object, "nothing"), "deeper").is_null());
  CHECK(TimeAt(*object, "text") == absl::InfinitePast());
  CHECK_FALSE(ParseObject("[1]").ok());
  CHECK_FALSE(ParseObject("{").ok());
}

TEST_CASE("JSON answers: names are escaped for a path") {
  CHECK(Escape("org/a b:1.5?x=\"y\"&\xc3\xa9") ==
        "org%2Fa%20b%3A1.5%3Fx%3D%22y%22%26%C3%A9");
  CHECK(Escape("a-b_c.d~1") == "a-b_c.d~1");
  CHECK(Dump({{"name", "\xff"}}) == "{\"name\":\"\xef\xbf\xbd\"}");
}

}  // namespace warmup::json_answer
