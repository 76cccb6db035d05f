# shellcheck shell=sh
# Sourced by etc/demo/run.sh and tests/run.sh: installs the Debian packages that are missing, without
# starting any of the servers in them, now or at the next boot.

# What building tsig-proxy needs.
# shellcheck disable=SC2034
packages_to_build="gcc libc6-dev cmake ninja-build pkg-config
    libuv1-dev libssl-dev libinih-dev libcap-ng-dev libseccomp-dev libjansson-dev
    libmicrohttpd-dev"

# Those of the packages named that are not installed, on one line.
packages_missing() {
    for package; do
        case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

packages_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env "$@"
    else
        sudo env "$@"
    fi
}

# invoke-rc.d asks policy-rc.d before it starts anything; 101 means no. A policy that is there already stays.
packages_forbid_services() {
    [ -e /usr/sbin/policy-rc.d ] && return 1
    packages_as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d &&
        chmod 755 /usr/sbin/policy-rc.d'
}

# One unit per server package that we may install; the package enables it for the next boot.
packages_disable_services() {
    command -v systemctl >/dev/null || return 0
    for package; do
        case $package in
        nsd | knot | tinydns | axfrdns | haproxy | dnsdist | prometheus | yadifa | unbound | keepalived) unit=$package ;;
        bind9) unit=named ;;
        bird2) unit=bird ;;
        pdns-server) unit=pdns ;;
        *) continue ;;
        esac
        packages_as_root systemctl disable "$unit" >/dev/null 2>&1 || :
    done
    return 0
}

packages_apt() {
    packages_as_root RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" </dev/null
}

# Installs what is missing of the packages named; returns non-zero, having said why, when it cannot.
packages_install() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian: taking it that what these packages hold is installed: $*"
        return 0
    fi
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "Packages are missing, and only root may install them. Please run this as root, or have root run:"
        echo "    apt-get install $missing"
        return 1
    fi
    echo "Installing $missing"
    apt_log=$(mktemp) || return 1
    (
        if packages_forbid_services; then
            trap 'packages_as_root rm -f /usr/sbin/policy-rc.d' EXIT
            trap 'exit 130' INT TERM HUP
        fi
        # Word splitting is wanted: one argument per package.
        # shellcheck disable=SC2086
        packages_apt update && packages_apt install --no-install-recommends -y $missing
    ) >"$apt_log" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        # shellcheck disable=SC2086
        packages_disable_services $missing
    else
        tail -n 20 "$apt_log"
        echo "The installation failed. What is needed: apt-get install $missing"
    fi
    rm -f "$apt_log"
    return "$status"
}
