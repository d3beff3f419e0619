// Catch2's main, compiled once for all test executables.
#define CATCH_CONFIG_RUNNER
#include "tests/support/catch.h"

int main(int argc, char* argv[]) { return Catch::Session().run(argc, argv); }
