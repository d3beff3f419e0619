# What the scripts share: they say in one line what they do, and show what the
# tools printed only when something fails (or with WARMUP_VERBOSE=1).
# shellcheck shell=bash

WARMUP_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${WARMUP_VERBOSE:=0}"
: "${WARMUP_CUDA:=AUTO}"

say() { printf '==> %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# step <what is done> <command>...: one line, with the seconds it took.
step() {
  local what=$1 start=$SECONDS log
  shift
  if [ "$WARMUP_VERBOSE" = 1 ]; then
    say "$what"
    "$@"
    return
  fi
  printf '==> %s ... ' "$what"
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    printf '%s\n' "ok ($((SECONDS - start)) s)"
    rm -f "$log"
  else
    local status=$?
    printf 'FAILED\n'
    # Ninja's progress lines tell nothing about a failure.
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Generating)' "$log" || true
    rm -f "$log"
    return "$status"
  fi
}

# configure <preset>: with the CUDA Toolkit where it can be had.
configure() {
  [ "$WARMUP_CUDA" = OFF ] || "$WARMUP_ROOT/scripts/cuda" ||
    say "NVIDIA's GPUs are not seen by what is built without it"
  step "Configure $1" cmake --preset "$1" "-DWARMUP_CUDA=$WARMUP_CUDA"
}
compile() { cmake --build --preset "$@"; }

# build <preset> [ninja target...]
build() {
  local preset=$1 targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  configure "$preset" || return
  step "Build $preset (build/$preset)" compile "$preset" "${targets[@]}"
}
