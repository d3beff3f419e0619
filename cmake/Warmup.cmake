# The words the folders' CMakeLists.txt are written in.
#
#   warmup_library(<name> SRCS a.cc ... DEPS <targets>...)
#     A static library; header-only (INTERFACE) without SRCS. Includes are
#     written from the repository's root: #include "core/base/clock.h".
#   warmup_binary(<name> SRCS ... DEPS ...)
#   warmup_test(<name> SRCS ... DEPS ... [LABELS l...] [TIMEOUT seconds]
#               [GRPC])
#     A Catch2 executable, one ctest test. GRPC: precompiled gRPC headers too.
#   warmup_proto_library(<name> PROTOS proto/a/v1/a.proto ... [GRPC]
#                        [DEPS ...])
#     Generated code: #include "a/v1/a.pb.h". GRPC: a.grpc.pb.h as well.
#   warmup_use_grpc_pch(<target>)
#     Reuse the precompiled gRPC headers. Never for a target in core/.
#   warmup_add_folder_if_present(<folder>)

function(warmup_add_folder_if_present folder)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${folder})
  endif()
endfunction()

function(warmup_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SRCS;DEPS")
  if(ARG_SRCS)
    add_library(${name} STATIC ${ARG_SRCS})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS}
                                  PRIVATE $<BUILD_INTERFACE:warmup_warnings>)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

function(warmup_binary name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SRCS;DEPS")
  add_executable(${name} ${ARG_SRCS})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} warmup_warnings)
endfunction()

set(WARMUP_TEST_ENVIRONMENT
  "TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1:second_deadlock_stack=1:suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp"
  "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
  "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1")

function(warmup_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "GRPC" "TIMEOUT" "SRCS;DEPS;LABELS")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  warmup_binary(${name} SRCS ${ARG_SRCS} DEPS ${ARG_DEPS} tests_support_main)
  set_target_properties(${name} PROPERTIES WARMUP_IS_TEST TRUE)
  if(ARG_GRPC)
    warmup_use_grpc_pch(${name})
  else()
    target_precompile_headers(${name} REUSE_FROM tests_support_pch)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${ARG_TIMEOUT}
    LABELS "${ARG_LABELS}"
    ENVIRONMENT "${WARMUP_TEST_ENVIRONMENT}")
endfunction()

# A target that only carries precompiled headers for others to reuse. (CMake
# wants a source file to compile them with.)
function(warmup_pch_target name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "HEADERS;DEPS")
  set(source ${CMAKE_BINARY_DIR}/pch/${name}.cc)
  if(NOT EXISTS ${source})
    file(WRITE ${source} "// Empty: compiled for its precompiled headers.\n")
  endif()
  add_library(${name} OBJECT ${source})
  set_target_properties(${name} PROPERTIES CXX_CLANG_TIDY "")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  # The warnings too: g++ refuses headers that were compiled without -Wpedantic.
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} warmup_warnings)
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

set(WARMUP_GRPC_HEADERS
  <grpcpp/grpcpp.h> <grpcpp/support/server_callback.h>
  <grpcpp/support/client_callback.h> <google/protobuf/message.h>
  <google/protobuf/map.h> <google/protobuf/util/json_util.h>
  <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/time/time.h>
  <map> <memory> <string> <vector>)

warmup_pch_target(warmup_grpc_pch
  HEADERS ${WARMUP_GRPC_HEADERS}
  DEPS gRPC::grpc++ absl::statusor absl::strings absl::time)

function(warmup_use_grpc_pch target)
  get_target_property(is_test ${target} WARMUP_IS_TEST)
  if(is_test)
    target_precompile_headers(${target} REUSE_FROM tests_support_grpc_pch)
  else()
    target_precompile_headers(${target} REUSE_FROM warmup_grpc_pch)
  endif()
endfunction()

function(warmup_proto_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "GRPC" "" "PROTOS;DEPS")
  set(root ${PROJECT_SOURCE_DIR}/proto)
  set(out ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  set(sources "")
  # A file may import its siblings: all of them are made anew together.
  list(TRANSFORM ARG_PROTOS PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE protos)
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "^proto/(.*)\\.proto$" "\\1" stem ${proto})
    set(made ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    set(grpc_arguments "")
    if(ARG_GRPC)
      list(APPEND made ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
      set(grpc_arguments --grpc_out=${out}
          --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(
      OUTPUT ${made}
      COMMAND protobuf::protoc --cpp_out=${out} ${grpc_arguments}
              -I ${root} ${root}/${stem}.proto
      DEPENDS ${protos}
      COMMENT "Generating ${stem}"
      VERBATIM)
    list(APPEND sources ${made})
  endforeach()
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES CXX_CLANG_TIDY "")
  target_compile_options(${name} PRIVATE -w)
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} protobuf::libprotobuf
                                PRIVATE $<BUILD_INTERFACE:warmup_warnings>)
  if(ARG_GRPC)
    target_link_libraries(${name} PUBLIC gRPC::grpc++)
  endif()
  warmup_use_grpc_pch(${name})
endfunction()
