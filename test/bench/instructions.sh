#!/bin/sh
# Instructions per transition, by callgrind: user space alone, so neither the disk nor other
# programs disturb the count. Each program runs with 32 and with 96 dossiers; the difference, by 64
# dossiers and six transitions, leaves out opening, compiling and closing.
#
# usage: instructions.sh CANONICAL [DIRECTORY]
set -eu
canonical=${1:?usage: instructions.sh CANONICAL [DIRECTORY]}
directory=$(mktemp -d "${2:-.}/instructions-XXXXXX")
trap 'rm -rf "$directory"' EXIT
few=32
many=96

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$canonical" --dir "$directory" \
        --one "$1" --script "$directory/script" --dossiers "$2" >"$directory/log" 2>&1 || {
        cat "$directory/log" >&2
        exit 1
    }
    sed -n 's/.*Collected : *\([0-9]*\).*/\1/p' "$directory/log"
}

"$canonical" --record "$directory/script"
printf '%-8s %14s %14s %24s\n' "" "$few dossiers" "$many dossiers" "instructions/transition"
for name in greffe equal bare; do
    less=$(count "$name" $few)
    more=$(count "$name" $many)
    printf '%-8s %14s %14s %24s\n' "$name" "$less" "$more" $(((more - less) / ((many - few) * 6)))
done
