#!/bin/sh
# The formatter has nothing to change, the linter finds nothing, and the binding for Python has the
# types that it says. Needs what is built in build/.
set -eu
cd "$(dirname "$0")/.."
find include lib engine test examples -name node_modules -prune -o -name '*.[ch]' -print0 |
    xargs -0 clang-format --dry-run -Werror
find lib engine -name '*.c' -print0 | xargs -0 -P 2 -n 6 clang-tidy -p build --quiet
(cd bindings/python && /usr/bin/python3 -m mypy --cache-dir /dev/null --no-error-summary)
echo "format and lint: nothing found"
