#!/bin/sh
# The formatter has nothing to change, and the linter finds nothing. Needs what is built in build/.
set -eu
cd "$(dirname "$0")/.."
find include lib engine test -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
find lib engine -name '*.c' -print0 | xargs -0 -P 2 -n 6 clang-tidy -p build --quiet
echo "format and lint: nothing found"
