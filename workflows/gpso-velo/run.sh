#!/bin/sh
# The main job: the year 2020 of the bike aid, from filings to payment files. Started again after
# an interruption, it goes on where it was.
#
# usage: run.sh [SEED] [DIRECTORY]
set -eu
cd "$(dirname "$0")/../.."
seed=${1:-2020}
directory=${2:-build/gpso-velo-$seed}
sh test/support/install.sh
cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build build --target greffe
greffe=build/greffe
mkdir -p "$directory"
store=$directory/greffe.db
actions=$directory/actions.jsonl
if [ ! -f "$actions" ]; then
    python3 workflows/gpso-velo/generate.py --seed "$seed" --out "$actions.part"
    mv "$actions.part" "$actions"
fi
$greffe publish workflows/gpso-velo/velo.yaml --store "$store" 2>/dev/null
$greffe play "$actions" --store "$store" --site workflows/gpso-velo/site.yaml --out "$directory"
echo
$greffe report --by demandeur.commune --store "$store"
echo
echo "Payment files (their control sums), and what the bank made of them:"
$greffe report --by batch --store "$store"
total=$(sed -sn '0,/<CtrlSum>/s:.*<CtrlSum>\(.*\)</CtrlSum>.*:\1:p' "$directory"/payments/*.xml |
    awk '{ sum += $1 } END { printf "%.2f", sum }')
echo "The files' own control sums add up to $total"
echo
$greffe list allotments --store "$store" --json
$greffe journal verify --store "$store"
echo "Letters, payment files and the database are in $directory/"
