#!/bin/sh
# Many plays of the simulator, on all cores, built as released: sh tests/sim/run.sh [COUNT [FIRST]]
# COUNT seeds (50000) from FIRST (1) on. Prints how far it is, what failed, and the totals; exit status 0 when
# nothing did. `build/bench/tests/sim --seed N --trace` plays one again.
set -eu

cd "$(dirname "$0")/../.."
count=${1:-50000}
first=${2:-1}
last=$((first + count - 1))
piece=250
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 1' INT TERM

if ! { cmake --preset bench && cmake --build build/bench --target sim; } >"$out/build.log"; then
    cat "$out/build.log"
    exit 1
fi

# One piece: the figures into a file, and a line of how far it is now and then.
export out last piece count
# shellcheck disable=SC2016 # for the shell that is started
seq "$first" "$piece" "$last" | xargs -P "$(nproc)" -I FROM sh -c '
    to=$((FROM + piece - 1))
    [ "$to" -le "$last" ] || to=$last
    build/bench/tests/sim --seeds "FROM-$to" >"$out/FROM.figures" 2>&1 || echo "FROM-$to" >>"$out/failed"
    done=$(($(ls "$out" | grep -c figures) * piece))
    [ $((done % 2500)) -ne 0 ] || echo "$done of $count seeds"'

cat "$out"/*.figures | awk '
    / seeds, /  { seeds += $1; steps += $3; hours += $5; messages += $8; transfers += $10; answers += $12
                  notifies += $14; next }
    / faults, / { faults += $1; forgeries += $3; reloads += $5; crashes += $7; next }
    /^digest /  { next }
                { print }
    END { printf "%d seeds, %d steps, %.0f virtual hours, %d messages, %d transfers, %d answers, %d NOTIFYs told\n",
              seeds, steps, hours, messages, transfers, answers, notifies
          printf "%d faults, %d forgeries, %d reloads, %d crashes\n", faults, forgeries, reloads, crashes }'
[ ! -e "$out/failed" ]
