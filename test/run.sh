#!/bin/sh
# Installs what is missing, builds with warnings as errors, and passes the tests.
set -eu
cd "$(dirname "$0")/.."
sh test/support/install.sh
cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release -DGREFFE_WERROR=ON
cmake --build build
ctest --test-dir build --output-on-failure --timeout 600 -j 2
