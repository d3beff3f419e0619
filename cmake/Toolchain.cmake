# What is true of every target: the tools that make builds fast where they are
# installed, the warnings of our own code, and the sanitizers of a preset.

find_program(WARMUP_CCACHE ccache)
if(WARMUP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Sloppiness: what ccache asks for to cache uses of precompiled headers.
  # Base directory: clones in different folders share the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      ${WARMUP_CCACHE})
endif()
# The two compilers' halves of making precompiled headers cacheable.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()

# Everywhere, because gRPC brings it along (from RE2) and precompiled headers
# are refused by targets that are compiled without it, or with it only there.
add_compile_options(-pthread)

find_program(WARMUP_MOLD mold)
if(WARMUP_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(-Wl,--as-needed)

if(WARMUP_SANITIZE)
  add_compile_options(-fsanitize=${WARMUP_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WARMUP_SANITIZE})
endif()

add_library(warmup_warnings INTERFACE)
target_compile_options(warmup_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wextra-semi -Wcast-qual -Wformat=2 -Wundef
  # Designated initializers leave the rest to its default: that is their use.
  -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wredundant-tags
      # g++ 12 reports std::string's own assignments (PR 105329) and the
      # inactive members of a std::variant (PR 105562); clang and the
      # sanitizers look for the real cases.
      -Wno-restrict -Wno-maybe-uninitialized>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety
      -Wunreachable-code-aggressive -Wrange-loop-analysis
      -Wno-gnu-zero-variadic-macro-arguments>
  $<$<BOOL:${WARMUP_WERROR}>:-Werror>)
