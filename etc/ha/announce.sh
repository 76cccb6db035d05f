#!/bin/sh
# Has ADDRESS on the loopback interface while this host's tsig-proxy is ready, for a routing daemon to announce it.
#
#     announce.sh ADDRESS [URL]
#
# Once a second URL is asked, /readyz of the default `http` unless given. Ends by SIGTERM or SIGINT, and the address goes with it.
set -eu

address=$1
url=${2:-http://127.0.0.1:9453/readyz}

announce() {
    ip addr replace "$address" dev lo
}

withdraw() {
    ip addr del "$address" dev lo 2>/dev/null || :
}

# With a pause that a signal ends.
trap 'withdraw; exit 0' TERM INT
while :; do
    if curl --silent --fail --output /dev/null --max-time 2 "$url"; then
        announce
    else
        withdraw
    fi
    sleep 1 &
    wait "$!"
done
