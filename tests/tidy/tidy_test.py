#!/usr/bin/env python3
"""Feeds tidy.py trees with one fault each, and faultless ones."""

import pathlib
import tempfile
import unittest

import rules
import source
import tidy


def guarded(path, body):
    guard = "WARMUP_" + path.upper().replace("/", "_").replace(".", "_") + "_"
    return f"#ifndef {guard}\n#define {guard}\n{body}\n#endif  // {guard}\n"


def check(files):
    """The findings in a tree of these files, as 'path:line: rule'."""
    files = dict(files)
    sources = " ".join(path.rsplit("/", 1)[-1] for path in files)
    files.setdefault("CMakeLists.txt", sources)
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return [":".join(finding.split(":")[:3])
                for finding in tidy.check(root)]


class Layers(unittest.TestCase):
    def finds(self, path, include):
        text = f"#include {include}\n"
        self.assertEqual(check({path: text}), [f"{path}:1: layer"],
                         f"{include} in {path}")

    def passes(self, path, include):
        self.assertEqual(check({path: f"#include {include}\n"}), [])

    def test_core_sees_nothing_from_outside(self):
        for header in ("<grpcpp/grpcpp.h>", '"google/protobuf/message.h"',
                       "<cuda.h>", "<curl/curl.h>", "<sqlite3.h>",
                       "<prometheus/counter.h>", "<nvml.h>"):
            self.finds("core/runtime/a.cc", header)
            self.passes("server/a.cc", header)

    def test_core_sees_no_generated_code(self):
        self.assertIn("core/base/a.cc:1: layer",
                      check({"core/base/a.cc": '#include "w/v1/a.pb.h"\n'}))

    def test_siblings_in_core_do_not_meet(self):
        self.finds("core/schedule/a.cc", '"core/foresight/history.h"')
        self.finds("core/foresight/a.cc", '"core/schedule/ledger.h"')
        self.finds("core/session/a.cc", '"core/events/event.h"')
        self.finds("core/base/a.cc", '"core/model/model.h"')
        self.finds("core/ports/a.cc", '"core/schedule/ledger.h"')
        self.passes("core/schedule/a.cc", '"core/model/model.h"')
        self.passes("core/runtime/a.cc", '"core/schedule/ledger.h"')

    def test_deciders_do_no_io(self):
        self.finds("core/foresight/a.cc", "<thread>")
        self.finds("core/schedule/a.cc", '"core/base/mutex.h"')
        self.finds("core/runtime/director_x.cc", '"absl/time/clock.h"')
        self.passes("core/runtime/workers.cc", "<thread>")

    def test_arrows_point_one_way(self):
        self.finds("core/runtime/a.cc", '"adapters/store/database.h"')
        self.finds("adapters/store/a.cc", '"server/config.h"')
        self.finds("adapters/store/a.cc", '"adapters/engines/files.h"')
        self.finds("clients/cli/a.cc", '"core/base/error.h"')
        self.finds("clients/cli/a.cc", '"server/config.h"')
        self.finds("adapters/engines/a.cc", '"warmup/v1/model.pb.h"')
        self.finds("core/base/a.cc", '"tests/support/catch.h"')
        self.passes("server/a.cc", '"adapters/store/database.h"')
        self.passes("server/a.cc", '"core/runtime/runtime.h"')
        self.passes("clients/cli/a.cc", '"warmup/v1/warmup.grpc.pb.h"')
        self.passes("clients/cli/a.cc", "<CLI/CLI.hpp>")
        self.passes("tests/core/a.cc", '"core/runtime/runtime.h"')

    def test_a_new_folder_must_be_entered(self):
        self.assertEqual(check({"core/fresh/a.cc": "int a;\n"}),
                         ["core/fresh/a.cc:1: layer"])

    def test_an_include_in_a_comment_is_none(self):
        self.passes("core/base/a.cc", '"core/base/b.h"\n// #include <cuda.h>')
        self.passes("core/base/a.cc", '<map>\n/*\n#include <cuda.h>\n*/')


class Size(unittest.TestCase):
    def test_long_files(self):
        path = "core/base/a.cc"
        self.assertEqual(check({path: "int a;\n" * 421}),
                         [f"{path}:421: file-length"])
        self.assertEqual(check({path: "int a;\n" * 420}), [])

    def test_long_functions(self):
        for head, tail in (("void F() {\n", "}\n"),
                           ("A::A(int a)\n    : a_(a), b_{a} {\n", "}\n"),
                           ("class A {\n  void F() {\n", "  }\n};\n"),
                           ('TEST_CASE("A: b") {\n', "}\n"),
                           ("#if A\nvoid F(int a,\n       int b) {\n", "}\n")):
            found = check({"core/base/a.cc": head + "  f();\n" * 81 + tail})
            self.assertEqual([line.split(": ")[1] for line in found],
                             ["function-length"], head)
            self.assertEqual(
                check({"core/base/a.cc": head + "  f();\n" * 80 + tail}), [])

    def test_classes_and_tables_may_be_long(self):
        for head, tail in (("class A {\n", "};\n"), ("namespace a {\n", "}\n"),
                           ("const T kT[] = {\n", "};\n")):
            self.assertEqual(
                check({"core/base/a.cc": head + "  X(1);\n" * 200 + tail}), [])

    def test_ports_are_small(self):
        def port(path, count):
            body = "".join(f"  virtual void F{i}() = 0;\n" for i in range(count))
            return {path: guarded(path, "class A {\n public:\n"
                                  "  virtual ~A() = default;\n"
                                  + body + "};\nclass B {\n"
                                  "  virtual void G() = 0;\n};")}

        path = "core/ports/a.h"
        self.assertEqual(check(port(path, 6)), [])
        self.assertEqual([line.split(": ")[1] for line in check(port(path, 8))],
                         ["port-size"])
        self.assertEqual(check(port("core/base/a.h", 8)), [])


class Form(unittest.TestCase):
    PATH = "core/base/a.h"

    def test_include_guards(self):
        good = guarded(self.PATH, "int a;")
        self.assertEqual(check({self.PATH: good}), [])
        self.assertEqual(check({self.PATH: "// What it is.\n" + good}), [])
        for bad in ("int a;\n", "#pragma once\nint a;\n",
                    good.replace("BASE_A", "A"),
                    good.replace("#endif  //", "#endif //")):
            found = check({self.PATH: bad})
            self.assertEqual([line.split(": ")[1] for line in found],
                             ["include-guard"], bad)

    def test_test_names(self):
        path = "tests/core/a_test.cc"
        self.assertEqual(check({path: 'TEST_CASE("Ledger: holds") {}\n'}), [])
        self.assertEqual(
            check({path: '\nTEST_CASE(\n    "Ledger: holds"\n    " on") {}\n'}),
            [])
        for name in ("ledger: holds", "Ledger holds", "Ledger:holds"):
            self.assertEqual(check({path: f'\nTEST_CASE("{name}") {{}}\n'}),
                             [f"{path}:2: test-name"])

    def test_to_do_notes_need_an_owner(self):
        path = "core/base/a.cc"
        word = "TO" "DO"
        for bad in (f"// {word}: later\n", f"// {word} later\n",
                    f"// {word}(): later\n"):
            self.assertEqual(check({path: bad}), [f"{path}:1: to-do"])
        self.assertEqual(check({path: f"// {word}(ada): later\n"}), [])

    def test_tabs(self):
        for path in ("core/base/a.cc", "scripts/run", "deploy/a.yaml"):
            self.assertEqual(check({path: "a\n\tb\n"}), [f"{path}:2: tab"])
        self.assertEqual(check({"docs/a.md": "a\n\tb\n"}), [])


class Banned(unittest.TestCase):
    def finds(self, path, code):
        self.assertIn(f"{path}:1: banned", check({path: code + "\n"}), code)

    def passes(self, path, code):
        self.assertEqual(check({path: code + "\n"}), [], code)

    def test_sleeps(self):
        for code in ("sleep(1);", "usleep(1);", "absl::SleepFor(d);",
                     "std::this_thread::sleep_for(d);"):
            self.finds("core/runtime/a.cc", code)
            self.finds("tests/core/a.cc", code)
            self.passes("demo/a.cc", code)
            self.passes("clients/cli/a.cc", code)

    def test_calls(self):
        for code in ("strcpy(a, b);", "sprintf(a, b);", "x = rand();",
                     "absl::Mutex m;", "std::cout << 1;", "std::mutex m;",
                     "using namespace std;", 'getenv("HOME");'):
            self.finds("adapters/store/a.cc", code)
        self.finds("clients/cli/a.cc", "absl::Mutex m;")
        self.passes("clients/cli/a.cc", "std::cout << 1;")
        self.passes("server/a.cc", 'std::getenv("HOME");')
        self.passes("core/base/a.cc", "snprintf(a, 1, b);")
        self.passes("core/base/a.cc", "void F() {\n  using namespace x;\n}")

    def test_comments_and_strings_call_nothing(self):
        self.passes("core/base/a.cc", "// sleep(1)")
        self.passes("core/base/a.cc", 'f("sleep(1) \\" sleep(1)");')
        self.passes("core/base/a.cc", 'f(R"(" sleep(1))");')
        self.finds("core/base/a.cc", "int a = 1'000; sleep(1); char c = 'a';")


class WrittenElsewhere(unittest.TestCase):
    def test_api_comments(self):
        path = "proto/warmup/v1/a.proto"
        good = ("// A model.\nmessage M {\n  // Its id.\n  string id = 1;\n"
                "  map<string, a.B> b = 2;  // more\n}\n"
                "// Serves.\nservice S {\n  // Gets.\n"
                "  rpc Get(M) returns (M);\n}\n")
        self.assertEqual(check({path: good}), [])
        for comment in ("// A model.", "// Its id.", "  // more", "// Serves.",
                        "// Gets."):
            found = check({path: good.replace(comment, "")})
            self.assertEqual([line.split(": ")[1] for line in found],
                             ["proto-comment"], comment)
        self.assertEqual(check({"proto/google/a.proto": "message M {}\n"}), [])

    def test_sources_are_built(self):
        files = {"core/base/ab.cc": "int a;\n", "CMakeLists.txt": "xab.cc"}
        self.assertEqual(check(files), ["core/base/ab.cc:1: not-built"])
        files["core/base/CMakeLists.txt"] = "f(SRCS a.cc ab.cc)"
        self.assertEqual(check(files), [])

    def test_holders_of_a_mutex_are_in_the_lock_order(self):
        path = "core/runtime/a.cc"
        code = ("class Out {\n  class ABSL_LOCKABLE In final : public B {\n"
                "    mutable Mutex mutex_ ABSL_ACQUIRED_BEFORE(x_);\n  };\n};\n"
                "void F() {\n  Mutex local;\n}\n")
        document = "docs/lock_order.md"
        self.assertEqual(check({path: code}), [f"{path}:3: lock-order"])
        self.assertEqual(check({path: code, document: "`Out::mutex_`, `In::other_`"}),
                         [f"{path}:3: lock-order"])
        self.assertEqual(check({path: code, document: "`Out::In::mutex_`"}), [])


class Exceptions(unittest.TestCase):
    def test_name_files_that_exist_and_are_long(self):
        root = pathlib.Path(tidy.__file__).resolve().parents[2]
        for path in rules.LONG_FILES:
            lines = (root / path).read_text().count("\n")
            self.assertGreater(lines, rules.MAX_FILE_LINES, path)


class Source(unittest.TestCase):
    def test_stripping_keeps_places(self):
        text = 'a("x{y", \'{\', 1\'000);  // {\n/* {\n */ b();\n'
        code = source.strip(text)
        self.assertEqual(len(code), len(text))
        self.assertEqual(code.count("\n"), text.count("\n"))
        self.assertNotIn("{", code)
        self.assertIn("1'000", code)
        self.assertEqual(code.index("b()"), text.index("b()"))


if __name__ == "__main__":
    unittest.main()
