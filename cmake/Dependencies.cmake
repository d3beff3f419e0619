# Everything that comes from outside, found in one place. Imported targets are
# SYSTEM: their headers never warn in our code.
#
# Debian 12: gRPC 1.51, Protobuf 3.21, Abseil 20220623, prometheus-cpp 1.0,
# SQLite 3.40, yaml-cpp 0.7, nlohmann-json 3.11, spdlog 1.10, CLI11 2.1,
# Catch2 2.13 (3 works too), libsystemd 252, libzstd 1.5, libfccp of 2016,
# cereal 1.3.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)  # SQLite::SQLite3
find_package(yaml-cpp CONFIG REQUIRED)
if(NOT TARGET yaml-cpp::yaml-cpp)  # before 0.8
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
find_package(nlohmann_json CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(cereal CONFIG REQUIRED)  # cereal::cereal
find_package(CURL REQUIRED)  # CURL::libcurl
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)  # PkgConfig::zstd
# A header only. It would read ahead in a thread of its own.
find_path(WARMUP_FCCP_FOLDER libfccp/csv.h REQUIRED)
add_library(fccp INTERFACE IMPORTED)
target_include_directories(fccp INTERFACE ${WARMUP_FCCP_FOLDER})
target_compile_definitions(fccp INTERFACE CSV_IO_NO_THREAD)

# Of the CUDA Toolkit only headers: nothing of NVIDIA's is linked. Found anew
# with each configuration, where scripts/cuda says.
set(WARMUP_HAS_CUDA OFF)
if(NOT WARMUP_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "WARMUP_CUDA=${WARMUP_CUDA} is not AUTO, ON or OFF")
endif()
if(WARMUP_CUDA)
  if(CUDAToolkit_ROOT)
    set(ENV{CUDAToolkit_ROOT} ${CUDAToolkit_ROOT})
  endif()
  execute_process(
    COMMAND ${PROJECT_SOURCE_DIR}/scripts/cuda --print
    OUTPUT_VARIABLE root OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(root)
    set(WARMUP_HAS_CUDA ON)
    add_library(nvml_headers INTERFACE IMPORTED)
    target_include_directories(nvml_headers INTERFACE ${root}/include)
  elseif(NOT WARMUP_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR
      "WARMUP_CUDA=${WARMUP_CUDA}, and there is no CUDA Toolkit: run "
      "scripts/cuda, or name an installed one (12 or later) with "
      "-DCUDAToolkit_ROOT=")
  endif()
endif()

find_package(Catch2 3 CONFIG QUIET)
if(NOT Catch2_FOUND)
  find_package(Catch2 2 CONFIG REQUIRED)
endif()

# Only bench/ uses it, to measure our event fan-out beside NATS; built without
# it where the package is missing.
# (Its CMake package names a static library that Debian does not ship.)
pkg_check_modules(nats QUIET IMPORTED_TARGET libnats)  # PkgConfig::nats

# Only tests use it, for servers that stand for engines; those tests are left
# out where the package is missing (scripts/test installs it).
pkg_check_modules(httplib QUIET IMPORTED_TARGET cpp-httplib)

# Tests of the metrics endpoint ask the real promtool.
find_program(WARMUP_PROMTOOL promtool)
