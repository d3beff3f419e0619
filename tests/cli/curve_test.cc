#include "clients/cli/curve.h"

#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

TEST_CASE("DrawCurve: points over a diagonal, above a scale") {
  CHECK(DrawCurve({{0, 0.1, false}, {0.5, 0.8, true}, {1, 1, false}},
                  Style::Plain()) ==
        " 100 % ┤                                      ··●\n"
        "       │                                  ····\n"
        "       │                    ○         ····\n"
        "       │                          ····\n"
        "       │                      ····\n"
        "  50 % ┤                  ····\n"
        "       │              ····\n"
        "       │          ····\n"
        "       │      ····\n"
        "       │● ····\n"
        "   0 % ┤··\n"
        "       └┴───────────────────┴───────────────────┴\n"
        "       0 %                50 %              100 %\n");
}

TEST_CASE("DrawCurve: what is outside is drawn at the edge") {
  const std::string edge = DrawCurve({{2, 5, false}}, Style::Plain());
  CHECK(edge == DrawCurve({{1, 1, false}}, Style::Plain()));
  CHECK(DrawCurve({{-1, -1, false}}, Style::Plain()) ==
        DrawCurve({{0, 0, false}}, Style::Plain()));
}

TEST_CASE("DrawCurve: what much speaks for covers what little does") {
  CHECK(DrawCurve({{0.5, 0.5, false}, {0.5, 0.5, true}}, Style::Plain()) ==
        DrawCurve({{0.5, 0.5, false}}, Style::Plain()));
}

}  // namespace
}  // namespace warmup::cli
