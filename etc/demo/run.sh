#!/bin/sh
# tsig-proxy shown at work between two real servers: NSD as a primary without any key, Knot DNS as a
# secondary that insists on TSIG. Everything runs on loopback addresses and a free port, in a temporary
# directory, and is gone afterwards.
#
#     sh etc/demo/run.sh
set -u

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
# shellcheck source=etc/packages.sh
. "$root/etc/packages.sh"

zone=example.test
primary=127.0.53.1
proxy=127.0.53.2
secondary=127.0.53.3
key_name=demo.key

step=0
failures=0
pids=
dir=

# --- what the reader sees --------------------------------------------------------------------------------

title() {
    step=$((step + 1))
    printf '\n%d. %s\n' "$step" "$1"
}

note() {
    printf '   %s\n' "$@"
}

indent() {
    sed 's/^/     | /'
}

ok() {
    printf '   ok: %s\n' "$1"
}

failed() {
    failures=$((failures + 1))
    printf '   FAILED: %s\n' "$1"
}

give_up() {
    failed "$1"
    [ -f "${2-}" ] && tail -n 20 "$2" | indent
    exit 1
}

# --- clean-up --------------------------------------------------------------------------------------------

alive() {
    kill -0 "$1" 2>/dev/null
}

stop_all() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null
    done
    for pid in $pids; do
        tries=0
        while alive "$pid" && [ "$tries" -lt 30 ]; do
            sleep 0.1
            tries=$((tries + 1))
        done
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    pids=
}

clean_up() {
    trap '' INT TERM HUP PIPE
    stop_all
    [ -n "$dir" ] && rm -rf "$dir"
}

trap clean_up EXIT
trap 'echo; echo "Interrupted: cleaning up."; exit 130' INT TERM HUP
trap 'exit 141' PIPE

# --- helpers ---------------------------------------------------------------------------------------------

# A port below the ephemeral range that nothing on this machine uses, for UDP or TCP, on any address.
free_port() {
    while :; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        cat /proc/net/tcp /proc/net/udp /proc/net/tcp6 /proc/net/udp6 2>/dev/null |
            awk -v want="$(printf '%04X' "$port")" '
                { n = split($2, local, ":"); if (local[n] == want) used = 1 }
                END { exit used }' && break
    done
    echo "$port"
}

# wait_for SECONDS COMMAND…: until the command succeeds; it fails when the time is over.
wait_for() {
    deadline=$(($(date +%s) + $1))
    shift
    until "$@"; do
        [ "$(date +%s)" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# All questions come from the address of the secondary: the proxy knows its peers by address too.
ask() {
    server=$1
    shift
    dig -b "$secondary" -p "$port" "@$server" +time=2 +tries=1 "$@"
}

answers() {
    ask "$1" "$zone" SOA >/dev/null 2>&1
}

started() {
    grep -qs started "$dir/proxy.log"
}

# The secondary gives this address for www.
secondary_says() {
    [ "$(ask "$secondary" +short "www.$zone" A 2>/dev/null)" = "$1" ]
}

# As text: the answer to a transfer request for the zone, the proxy being asked; further arguments go to dig.
transfer() {
    ask "$proxy" +nocmd +nostats "$zone" AXFR "$@" 2>&1
}

# show COMMAND-IN-WORDS FILE
show() {
    note "\$ $1"
    sed -e '/^$/d' -e '/^; <<>>/d' -e '/^; (/d' -e '/global options/d' "$2" | indent
}

is_whole_zone() {
    [ "$(grep -c "^$zone\..*SOA" "$1")" -eq 2 ]
}

# --- the pieces ------------------------------------------------------------------------------------------

write_zone() {
    cat >"$dir/primary/$zone.zone" <<END
\$ORIGIN $zone.
\$TTL 300
@    SOA  ns hostmaster $1 3600 600 86400 300
     NS   ns
ns   A    192.0.2.1
www  A    $2
END
}

write_primary() {
    mkdir "$dir/primary"
    write_zone 1 192.0.2.10
    cat >"$dir/nsd.conf" <<END
server:
    ip-address: $primary@$port
    username: ""
    chroot: ""
    zonesdir: "$dir/primary"
    database: ""
    pidfile: "$dir/primary/pid"
    xfrdfile: "$dir/primary/xfrd.state"
    zonelistfile: "$dir/primary/zone.list"
    xfrdir: "$dir/primary"
    server-count: 1
    do-ip6: no
remote-control:
    control-enable: no
zone:
    name: $zone
    zonefile: $zone.zone
    provide-xfr: $proxy NOKEY
    notify: $proxy@$port NOKEY
    outgoing-interface: $primary
END
}

write_proxy() {
    cat >"$dir/tsig-proxy.ini" <<END
[proxy]
listen = $proxy@$port
user =

[key $key_name]
secret-file = $key_name

[primary legacy]
address = $primary@$port
source = $proxy

[secondary provider]
primary = legacy
address = $secondary@$port
source = $proxy
key = $key_name
zones = $zone
END
}

# A new key in a file as BIND writes and reads it.
new_key() {
    (umask 077 && "$root/build/tsig-proxy" keygen "$key_name" >"$1")
}

write_secondary() {
    mkdir "$dir/secondary"
    cat >"$dir/knot.conf" <<END
server:
    listen: $secondary@$port
    rundir: $dir/secondary
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: $dir/secondary
key:
  - id: $key_name
    algorithm: hmac-sha256
    secret: $(sed -n 's/.*secret "\(.*\)".*/\1/p' "$dir/$key_name")
remote:
  - id: upstream
    address: $proxy@$port
    via: $secondary
    key: $key_name
acl:
  - id: signed-notify
    address: $proxy
    key: $key_name
    action: notify
zone:
  - domain: $zone
    storage: $dir/secondary
    master: upstream
    acl: signed-notify
END
}

build() {
    set -- -S "$root" -B "$root/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTSIG_PROXY_TESTS=OFF
    [ -f "$root/build/CMakeCache.txt" ] || set -- "$@" -G Ninja
    cmake "$@" && cmake --build "$root/build"
}

# --- the steps -------------------------------------------------------------------------------------------

step_build() {
    title "Build tsig-proxy"
    note "into $root/build"
    build >"$dir/build.log" 2>&1 || give_up "it does not build" "$dir/build.log"
    ok "$root/build/tsig-proxy"
}

step_primary() {
    title "Start the primary: NSD with one zone, $zone, and no TSIG key at all"
    write_primary
    nsd -d -c "$dir/nsd.conf" >"$dir/nsd.log" 2>&1 &
    primary_pid=$!
    pids="$pids $primary_pid"
    note "Its whole configuration of that zone:"
    sed -n '/^zone:/,$p' "$dir/nsd.conf" | indent
    wait_for 10 answers "$primary" || give_up "NSD does not answer" "$dir/nsd.log"
    ok "it answers on $primary port $port"
}

step_proxy() {
    title "Start tsig-proxy between the two; it holds the key $key_name"
    note "\$ tsig-proxy keygen $key_name >$key_name"
    new_key "$dir/$key_name" || give_up "no key"
    write_proxy
    note "\$ cat tsig-proxy.ini"
    indent <"$dir/tsig-proxy.ini"
    note "\$ tsig-proxy check -c tsig-proxy.ini"
    (cd "$dir" && "$root/build/tsig-proxy" check -c tsig-proxy.ini) >"$dir/check.log" 2>&1 ||
        give_up "the configuration is not good" "$dir/check.log"
    indent <"$dir/check.log"
    note "\$ tsig-proxy run -c tsig-proxy.ini"
    "$root/build/tsig-proxy" run -c "$dir/tsig-proxy.ini" >"$dir/proxy.log" 2>&1 &
    proxy_pid=$!
    pids="$pids $proxy_pid"
    wait_for 10 started || give_up "tsig-proxy does not start" "$dir/proxy.log"
    ok "it listens on $proxy port $port"
}

# dig does not say why a transfer failed; the same question for the SOA record alone shows the status.
step_unsigned() {
    title "Ask the proxy for the zone without a signature"
    transfer >"$dir/answer"
    show "dig @$proxy $zone AXFR" "$dir/answer"
    ask "$proxy" +noall +comments +tcp "$zone" SOA >"$dir/status" 2>&1
    grep 'status:' "$dir/status" >"$dir/header"
    show "dig @$proxy $zone SOA +tcp" "$dir/header"
    if grep -q SOA "$dir/answer" || ! grep -q 'status: REFUSED' "$dir/header"; then
        failed "it should have been refused"
    else
        ok "refused: without the key nobody gets the zone"
    fi
}

step_wrong_key() {
    title "Ask with a signature made with another secret"
    new_key "$dir/wrong.key"
    transfer -k "$dir/wrong.key" >"$dir/answer"
    show "dig @$proxy $zone AXFR -k wrong.key" "$dir/answer"
    if grep -q SOA "$dir/answer" || ! grep -q BADSIG "$dir/answer"; then
        failed "it should have been refused with BADSIG"
    else
        ok "refused: the signature does not verify"
    fi
}

step_signed() {
    title "Ask with a signature made with the key"
    transfer -k "$dir/$key_name" >"$dir/answer"
    show "dig @$proxy $zone AXFR -k $key_name" "$dir/answer"
    if ! is_whole_zone "$dir/answer"; then
        failed "the zone did not come whole"
    elif ! grep -q "^$key_name\..*TSIG.*NOERROR" "$dir/answer" || grep -qi verify "$dir/answer"; then
        failed "the answer is not signed as it should be"
    else
        ok "the zone came whole, and signed, though the primary cannot sign"
    fi
}

step_secondary() {
    title "Start the secondary: Knot DNS, which takes the zone only when it is signed with the key"
    write_secondary
    knotd -c "$dir/knot.conf" >"$dir/knot.log" 2>&1 &
    pids="$pids $!"
    wait_for 10 answers "$secondary" || give_up "Knot DNS does not answer" "$dir/knot.log"
    note "\$ dig @$secondary www.$zone A +short"
    if wait_for 15 secondary_says 192.0.2.10; then
        echo 192.0.2.10 | indent
        ok "the secondary has transferred the zone through the proxy"
    else
        failed "the secondary has not got the zone; its log:"
        tail -n 10 "$dir/knot.log" | indent
    fi
}

step_notify() {
    title "Change the zone at the primary: www moves from 192.0.2.10 to 192.0.2.20"
    note "The primary tells the proxy (NOTIFY), the proxy tells the secondary, signed, which asks for the" \
        "new zone at once. Without NOTIFY it would ask after an hour, the refresh time in the SOA record."
    write_zone 2 192.0.2.20
    kill -HUP "$primary_pid"
    began=$(date +%s)
    note "\$ dig @$secondary www.$zone A +short"
    if wait_for 15 secondary_says 192.0.2.20; then
        echo 192.0.2.20 | indent
        ok "the secondary followed within $(($(date +%s) - began + 1)) s"
    else
        failed "the secondary still has the old zone; its log:"
        tail -n 10 "$dir/knot.log" | indent
    fi
}

step_log() {
    title "Stop tsig-proxy, and read what it logged meanwhile"
    kill -TERM "$proxy_pid"
    tries=0
    while alive "$proxy_pid" && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    indent <"$dir/proxy.log"
    if alive "$proxy_pid"; then
        failed "it did not stop within 10 s"
        return
    fi
    pids=$(echo "$pids" | sed "s/ $proxy_pid\\>//")
    if wait "$proxy_pid"; then
        ok "refusals, transfers and notifies, one line each"
    else
        failed "it did not end with status 0"
    fi
}

picture() {
    cat <<END
tsig-proxy between a primary that knows no TSIG and a secondary that insists on it:

   primary                 tsig-proxy                 secondary
   NSD, no key   <----->   holds the key   <=====>    Knot DNS, wants TSIG
   $primary              $proxy                 $secondary

   <----->  not signed     <=====>  signed            all on port $port
END
}

main() {
    # Word splitting is wanted: one argument per package.
    # shellcheck disable=SC2086,SC2154
    packages_install $packages_to_build nsd knot bind9-dnsutils || exit 1
    # Debian keeps servers where the path of ordinary users does not lead.
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
    dir=$(mktemp -d "${TMPDIR:-/tmp}/tsig-proxy-demo.XXXXXX") || exit 1
    port=$(free_port)
    picture
    step_build
    step_primary
    step_proxy
    step_unsigned
    step_wrong_key
    step_signed
    step_secondary
    step_notify
    step_log
    echo
    if [ "$failures" -eq 0 ]; then
        echo "All $step steps went well."
    else
        echo "$failures of $step steps FAILED."
        exit 1
    fi
}

main
