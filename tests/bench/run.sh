#!/bin/sh
# Benchmarks, on a fresh Debian 12:
#
#     sh tests/bench/run.sh                    all measures that have goals
#     sh tests/bench/run.sh N1 N2              some of those beside HAProxy, dnsdist and Knot
#     sh tests/bench/run.sh --size             what these cost by size and number; also: sizes at-once records in-flight
#     sh tests/bench/run.sh --scale            what grows with peers, zones, connections and workers
#     sh tests/bench/run.sh --scale N6 N8      some of it
#
# What is missing is installed first. Nothing fails for time.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cd "$root" || exit 1
# shellcheck source=etc/packages.sh
. etc/packages.sh

# shellcheck disable=SC2154
packages="$packages_to_build libcriterion-dev python3 python3-pytest python3-dnspython nsd iproute2 procps util-linux
    haproxy dnsdist knot openssl"

# build PRESET: one of CMakePresets.json, into build/PRESET; shows what it said when it fails.
build() {
    log=$(mktemp) || exit 1
    { cmake --preset "$1" && cmake --build --preset "$1"; } >"$log" 2>&1
    status=$?
    [ "$status" -eq 0 ] || tail -n 50 "$log"
    rm -f "$log"
    return "$status"
}

case ${1-} in
--size | --scale | N*) ;;
?*)
    echo "usage: sh tests/bench/run.sh [--size | --scale] [MEASURE ...]" >&2
    exit 2
    ;;
esac
# Word splitting is wanted: one argument per package.
# shellcheck disable=SC2086
packages_install $packages || exit 1
# Debian keeps servers where the path of ordinary users does not lead.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH TSIG_PROXY="${TSIG_PROXY:-$root/build/release/tsig-proxy}" TSIG_PROXY_LOAD="$root/build/bench/tests/load"
build release && build bench || exit 1
if [ "${1-}" = --scale ]; then
    shift
else
    /usr/bin/python3 -B tests/bench/side.py "$@" || exit 1
    [ $# -eq 0 ] || exit 0
fi
exec /usr/bin/python3 -B tests/bench/scale.py "$@"
