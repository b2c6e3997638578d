#!/usr/bin/env bash
# Builds everything and runs the tests: minutes.
#   ./test.sh          the ordinary run
#   ./test.sh --long   also what takes longer: hundreds of kills, a million mutated replies
# The last line is "N passed, N failed, N skipped". With CI=true a skipped test is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for argument in "$@"; do
  case $argument in
    --long) export ROWMILL_LONG=1 ;;
    *) echo "usage: ./test.sh [--long]" >&2; exit 2 ;;
  esac
done

# What tests need besides the SDK, as command:debian-package:tests-that-skip-without-it, separated by blanks.
needs=''

missing=''
for need in $needs; do
  command -v "${need%%:*}" >/dev/null || missing="$missing $need"
done
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  packages=''
  for need in $missing; do package=${need#*:}; packages="$packages ${package%%:*}"; done
  # shellcheck disable=SC2086 # a list of packages
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages; } >/dev/null || true
fi
for need in $missing; do
  command -v "${need%%:*}" >/dev/null || echo "not installed: ${need%%:*}; these tests are skipped: ${need##*:}" >&2
done

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
echo 'building' >&2
dotnet build Rowmill.slnx -nologo -v quiet
# Tests start the program as people do, and none should wait for its first build.
./rowmill --help >/dev/null

results=$PWD/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0

# The value of one attribute of the results' <assembly> element.
count() { sed -n "s/.*<assembly [^>]*[ ]$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1; }

run() { # project
  local xml=$results/$1.xml code=0 p f s
  # The runner's exit code says whether anything failed, its report what. No report: it crashed or hung.
  timeout -k 10 "${ROWMILL_TEST_TIMEOUT:-$([ -n "${ROWMILL_LONG:-}" ] && echo 7200 || echo 600)}" \
    "artifacts/bin/$1/debug/$1" -noLogo -noColor -xml "$xml" || code=$?
  if [ -s "$xml" ]; then
    p=$(count "$xml" passed) f=$(($(count "$xml" failed) + $(count "$xml" errors))) s=$(count "$xml" skipped)
  else
    p=0 f=1 s=0
  fi
  if [ "$code" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  if [ "$code" = 0 ] && [ "$p" = 0 ]; then echo "$1 ran no test" >&2; f=1; fi
  echo "$1: $p passed, $f failed, $s skipped (exit $code)"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

run Rowmill.Tests
run Rowmill.SystemTests
if [ -s "$results/kill-figures.txt" ]; then cat "$results/kill-figures.txt"; fi

code=0
if [ "$failed" -gt 0 ]; then code=1; fi
if [ "${CI:-}" = true ] && [ "$skipped" -gt 0 ]; then
  echo 'a skipped test is a failure here' >&2
  code=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit $code
