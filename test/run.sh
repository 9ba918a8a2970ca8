#!/bin/sh
# Installs what is missing, builds with warnings as errors, and passes the tests: all of them with
# gcc, those in C again with clang under the address and undefined-behaviour sanitizers, and those
# with threads under the thread sanitizer. The formatter and the linter find nothing.
set -eu
cd "$(dirname "$0")/.."
sh test/support/install.sh clang libclang-rt-14-dev clang-format clang-tidy mypy doxygen \
    abigail-tools

build_and_test() { # directory, what ctest shall run, options of cmake
    directory=$1 selection=$2
    shift 2
    cmake -G Ninja -B "$directory" -DGREFFE_WERROR=ON "$@"
    cmake --build "$directory"
    # shellcheck disable=SC2086
    ctest --test-dir "$directory" --output-on-failure --timeout 900 -j 2 $selection
}

# Faults of the store, each in turn, take no thread that the other tests do not take.
build_and_test build/tsan "-R unit|scenarios|kill-season -E store_faults" \
    -DCMAKE_BUILD_TYPE=Debug -DGREFFE_SANITIZE=thread
# Not what a shell, an editor or Python alone is tried with.
without="rules|install|generator|bench|bad_store|self-check|example-ci|editor|prove|oracle-decimal"
build_and_test build/asan "-E $without" \
    -DCMAKE_BUILD_TYPE=Debug -DGREFFE_SANITIZE=address,undefined \
    -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release -DGREFFE_WERROR=ON
cmake --build build
sh test/lint.sh
build_and_test build "" -DCMAKE_BUILD_TYPE=Release
