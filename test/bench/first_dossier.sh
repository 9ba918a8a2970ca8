#!/bin/sh
# From the start of the process to the first finished dossier: an empty directory, a database made
# new, the procedure compiled and published (Greffe), six durable commands, the database closed. The
# programs take turns; the ratio is that of the medians.
#
# usage: first_dossier.sh CANONICAL [DIRECTORY] [RUNS]
set -eu
canonical=${1:?usage: first_dossier.sh CANONICAL [DIRECTORY] [RUNS]}
directory=$(mktemp -d "${2:-.}/first-XXXXXX")
runs=${3:-21}
trap 'rm -rf "$directory"' EXIT

once() {
    start=$(date +%s%N)
    "$canonical" --dir "$directory" --one "$1" --script "$directory/script"
    end=$(date +%s%N)
    echo $(((end - start) / 1000)) >>"$directory/$1.times"
    rm -f "$directory"/canonical-*.db*
}

median() {
    sort -n "$directory/$1.times" | sed -n "$(((runs + 1) / 2))p"
}

"$canonical" --record "$directory/script"
for name in greffe equal bare; do
    once "$name" # warms up
    rm "$directory/$name.times"
done
i=0
while [ "$i" -lt "$runs" ]; do
    for name in greffe equal bare; do
        once "$name"
    done
    i=$((i + 1))
done
for name in greffe equal bare; do
    sort -n "$directory/$name.times" | awk -v name="$name" -v median="$(median "$name")" '
        NR == 1 { least = $1 } { most = $1 }
        END { printf "%-8s %9.2f ms (%.2f..%.2f, %d runs)\n", name, median / 1000,
              least / 1000, most / 1000, NR }'
done
for name in bare equal; do
    awk -v a="$(median greffe)" -v b="$(median "$name")" -v name="$name" \
        'BEGIN { printf "first dossier: greffe takes %.2f times as long as %s\n", a / b, name }'
done
