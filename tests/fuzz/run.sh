#!/bin/sh
# Fuzzes with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, one target after the other:
#
#     sh tests/fuzz/run.sh [SECONDS [TARGET…]]     each target for so long, 60 seconds unless said
#     sh tests/fuzz/run.sh --keep [TARGET…]        takes what adds to the coverage into tests/fuzz/corpus
#
# What is missing is installed first. Builds and works in build/fuzz; an input that shows a fault is kept there
# as TARGET-crash-… and the like. Exit status 0 when there was none.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cd "$root" || exit 1
# shellcheck source=etc/packages.sh
. etc/packages.sh

work=build/fuzz
kept=tests/fuzz/corpus

# shellcheck disable=SC2086,SC2154
packages_install $packages_to_build clang libclang-rt-14-dev libcriterion-dev python3 python3-dnspython || exit 1

build() {
    cmake --preset fuzz && cmake --build --preset fuzz
}

# fuzz TARGET SECONDS: begins with what is kept, what was found before, and messages of real servers.
fuzz() {
    mkdir -p "$work/found/$1" "$kept/$1"
    "$work/tests/fuzz/fuzz-$1" "-max_total_time=$2" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
        "-artifact_prefix=$work/$1-" -print_final_stats=1 \
        "$work/found/$1" "$kept/$1" "$work/seeds/$1" >"$work/$1.log" 2>&1 || {
        grep -v '^#[0-9]' "$work/$1.log"
        echo "FAILED  $1"
        return 1
    }
    echo "ok      $1 ($(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$1.log") inputs)"
}

# keep TARGET: what it begins with, and the fewest small inputs that reach what else is reached by those at hand.
keep() {
    rm -rf "$work/merged"
    mkdir -p "$work/merged" "$work/found/$1" "$kept/$1"
    cp "$work/seeds/$1"/* "$work/merged"
    "$work/tests/fuzz/fuzz-$1" -set_cover_merge=1 -max_len=512 "$work/merged" \
        "$kept/$1" "$work/found/$1" >"$work/$1.log" 2>&1 || {
        grep -v '^#[0-9]' "$work/$1.log"
        return 1
    }
    rm -rf "${kept:?}/$1"
    mv "$work/merged" "$kept/$1"
    echo "kept    $1 ($(find "$kept/$1" -type f | wc -l) inputs)"
}

main() {
    keeping=false
    seconds=60
    case ${1-} in
    --keep)
        keeping=true
        shift
        ;;
    [1-9]*)
        seconds=$1
        shift
        ;;
    esac
    mkdir -p "$work"
    if ! build >"$work/build.log" 2>&1; then
        tail -n 50 "$work/build.log"
        exit 1
    fi
    rm -rf "$work/seeds"
    /usr/bin/python3 tests/fuzz/seeds.py "$work/seeds" || exit 1
    # shellcheck disable=SC2046 # one argument for each target
    [ $# -gt 0 ] || set -- $(sed -n 's/^set(FUZZ_TARGETS \(.*\))$/\1/p' tests/fuzz/CMakeLists.txt)
    status=0
    for target; do
        if $keeping; then
            keep "$target" || status=1
        else
            fuzz "$target" "$seconds" || status=1
        fi
    done
    return "$status"
}

main "$@"
