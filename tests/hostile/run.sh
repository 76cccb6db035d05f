#!/bin/sh
# Hostile clients and servers on the loopback network around the program built with sanitizers:
#
#     sh tests/hostile/run.sh [SECONDS [ARGUMENT…]]     for so long, 60 seconds unless said; fuzz.py tells the rest
#
# Exit status 0 when nothing happened that must not; else the last line says what, and how it is played again.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cd "$root" || exit 1

seconds=60
case ${1-} in
[1-9]*)
    seconds=$1
    shift
    ;;
esac

cmake --preset check >/dev/null && cmake --build --preset check --target tsig-proxy >/dev/null || exit 1
TSIG_PROXY=$root/build/check/tsig-proxy exec /usr/bin/python3 -B tests/hostile/fuzz.py --seconds "$seconds" "$@"
