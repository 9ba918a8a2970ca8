#!/bin/sh
# The long form of fuzzing: each harness under libFuzzer with the address and undefined-behaviour
# sanitizers, SECONDS each, from the seeds in corpus/. What crashes is kept in the build folder and
# makes the exit code 1, as does an input that takes ten seconds: that is less than one without the
# sanitizers, which make a proof that goes to the end of its budget some eight times as long.
#
# usage: run.sh [SECONDS] [BUILD-DIRECTORY] [NAME...]
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-120}
build=${2:-build/fuzz}
shift $(($# < 2 ? $# : 2))
sanitizers=address,undefined
if ! command -v clang >/dev/null; then
    echo "run.sh: clang is not installed: skipped" >&2
    exit 77
fi
CC=clang CXX=clang++ cmake -G Ninja -B "$build" -S . -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DGREFFE_TESTS=OFF -DGREFFE_SANITIZE=fuzzer-no-link,$sanitizers >/dev/null
cmake --build "$build" --target greffe_core_static >/dev/null
libraries=$(pkg-config --libs yaml-0.1 libcjson nettle libpcre2-8)
status=0
for source in test/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    name=${name#fuzz_}
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    clang -std=c11 -O1 -g -Wall -Wextra -fsanitize=fuzzer,$sanitizers \
        -fno-sanitize-recover=undefined -Iinclude -Ilib -o "$build/fuzz_$name" "$source" \
        "$build/libgreffe-core.a" $libraries -lbidgcc000 -lm
    mkdir -p "$build/found/$name"
    dictionary=
    if [ -f "test/fuzz/corpus/$name.dict" ]; then
        dictionary=-dict=test/fuzz/corpus/$name.dict
    fi
    echo "== $name, $seconds s"
    if ! "$build/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -max_len=65536 -print_final_stats=1 $dictionary -artifact_prefix="$build/found/$name-" \
        "$build/found/$name" "test/fuzz/corpus/$name" >"$build/fuzz_$name.log" 2>&1; then
        status=1
        grep -E 'fuzz:|ERROR|runtime error|SUMMARY|Test unit written' "$build/fuzz_$name.log" || :
    fi
    grep -E 'number_of_executed_units|new_units_added|slowest_unit' "$build/fuzz_$name.log" || :
done
exit $status
