#!/bin/sh
# Everything at once around the released program, and whether anything is wrong, lost or grows:
#
#     sh tests/soak/run.sh [SECONDS [ARGUMENT…]]     180 seconds unless said, 600 at most; soak.py tells the rest
#
# Ends with the figures, one a line; exit status 0 when nothing was wrong.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cd "$root" || exit 1

seconds=180
case ${1-} in
[1-9]*)
    seconds=$1
    shift
    ;;
esac

# Debian keeps servers where the path of ordinary users does not lead.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
cmake --preset release >/dev/null && cmake --build --preset release --target tsig-proxy >/dev/null || exit 1
TSIG_PROXY_RELEASE=$root/build/release/tsig-proxy exec /usr/bin/python3 -B tests/soak/soak.py --seconds "$seconds" "$@"
