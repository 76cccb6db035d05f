#!/bin/sh
# All tests, on a fresh Debian 12:
#
#     sh tests/run.sh               ends with one line, "N passed, N failed"; exit status 0 when none failed
#     sh tests/run.sh --thread      instead: unit, loop and system tests with ThreadSanitizer, three workers
#     sh tests/run.sh --coverage    instead: the line coverage of src/ by the unit tests
#
# What is missing is installed first. The builds are those of CMakePresets.json; what the parts wrote down is
# in build/check/results.
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$root" || exit 1
# shellcheck source=etc/packages.sh
. etc/packages.sh

check=$root/build/check
release=$root/build/release
thread=$root/build/thread
results=$check/results
passed=0
failed=0
# Those of the system tests that run with ThreadSanitizer each time.
thread_sample="tests/system/test_connections.py tests/system/test_notify.py tests/system/test_reload.py
    tests/system/test_reload_load.py tests/system/test_udp.py"
# Where the kernel gives addresses more randomness than this, ThreadSanitizer does not start (GCC before 14).
fixed=
[ "$(cat /proc/sys/vm/mmap_rnd_bits)" -le 28 ] || fixed="setarch -R"

# shellcheck disable=SC2154
packages="$packages_to_build libcriterion-dev chromium fonts-dejavu-core clang clang-format clang-tidy shellcheck mandoc
    python3 python3-pytest python3-pytest-xdist python3-dnspython
    dnsmasq-base tinydns axfrdns ucspi-tcp nsd knot knot-dnsutils bind9 bind9-dnsutils
    pdns-server pdns-backend-sqlite3 sqlite3 yadifa unbound faketime iproute2 nftables
    haproxy hitch keepalived bird2 curl jq
    buildah debootstrap crun docker-compose lintian dpkg-dev rpm rpmlint zsh fish prometheus python3-yaml"
# Some bring it with their own nodejs.
command -v npm >/dev/null || packages="$packages npm"

# --- counting --------------------------------------------------------------------------------------------

# count NAME PASSED FAILED SKIPPED LOG: adds the result of a part; shows its output when something failed.
count() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    skips=
    [ "$4" -eq 0 ] || skips=", $4 skipped"
    if [ "$3" -eq 0 ]; then
        echo "ok      $1 ($2$skips)"
    else
        tail -n 200 "$5" | sed 's/^/    | /'
        echo "FAILED  $1 ($3 of $(($2 + $3))$skips)"
    fi
}

# one NAME COMMAND…: a part that is a single test.
one() {
    name=$1
    shift
    log=$results/$(echo "$name" | tr ' /' '--').log
    if "$@" >"$log" 2>&1; then
        count "$name" 1 0 0 "$log"
    else
        count "$name" 0 1 0 "$log"
        return 1
    fi
}

# --- the parts -------------------------------------------------------------------------------------------

# build PRESET: one of CMakePresets.json, into build/PRESET.
build() {
    cmake --preset "$1" && cmake --build --preset "$1"
}

lints() {
    one "lint: floors" /usr/bin/python3 tests/lint/floors.py
    one "lint: handwriting" /usr/bin/python3 tests/lint/handwriting.py
    one "lint: rules" /usr/bin/python3 tests/lint/rules.py
    one "lint: format" sh tests/lint/format.sh
    one "lint: shell" sh tests/lint/shell.sh
    one "lint: manual" sh tests/lint/manual.sh
    one "lint: vectors" sh tests/lint/vectors.sh
    pytests "lint: self-test" 60 tests/lint
}

# criterion BUILD PROGRAM ARGUMENT…: in a build's folder tests; "check" goes without saying.
criterion() {
    name=$2
    [ "$1" = check ] || name="$2, $1"
    log=$results/$1-$2
    program=$root/build/$1/tests/$2
    shift 2
    rm -f "$log".*
    # shellcheck disable=SC2086 # nothing, or a command
    UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=log_path=$log.report timeout 300 $fixed \
        "$program" --timeout 60 "--tap=$log.tap" "$@" >"$log.log" 2>&1
    status=$?
    cat "$log".report.* >>"$log.log" 2>/dev/null
    # shellcheck disable=SC2046 # three numbers
    count "$name" $(/usr/bin/python3 tests/results.py tap "$log.tap" "$log.log" $status) "$log.log"
}

# Criterion programs by themselves, for the number of tests in them; any other test that CMake knows by ctest.
programs() {
    for name in $(ctest --test-dir "$check" -N | sed -n 's/^ *Test *#[0-9]*: *//p'); do
        if [ -x "$check/tests/$name-tests" ]; then
            criterion check "$name-tests"
        else
            one "ctest: $name" ctest --test-dir "$check" --output-on-failure --timeout 120 -R "^$name\$"
        fi
    done
}

# pytests NAME SECONDS ARGUMENT…: pytest, in at most so long.
pytests() {
    name=$1
    seconds=$2
    shift 2
    log=$results/$(echo "$name" | tr ' /' '--')
    rm -f "$log.xml"
    # shellcheck disable=SC2086 # nothing, or a command
    # Interrupted rather than terminated, pytest still writes down what it has.
    timeout -s INT -k 30 "$seconds" $fixed \
        /usr/bin/python3 -B -m pytest -q -rs "$@" -p no:cacheprovider "--junit-xml=$log.xml" >"$log.log" 2>&1
    status=$?
    sed -n -e 's/^SKIPPED/skipped/p' -e 's/^image: .* base .*/        &/p' -e 's/^package: [^-d].*/        &/p' \
        -e 's/^faults: .*/        &/p' "$log.log"
    # shellcheck disable=SC2046 # three numbers
    count "$name" $(/usr/bin/python3 tests/results.py junit "$log.xml" $status) "$log.log"
}

# system_tests NAME WORKERS PROGRAM RELEASED ARGUMENT…: RELEASED stands in for PROGRAM under load.
system_tests() {
    name="system tests, $1"
    export TSIG_PROXY_WORKERS="$2" TSIG_PROXY="$3" TSIG_PROXY_RELEASE="$4"
    shift 4
    pytests "$name" 900 -n 3 --ignore=tests/system/test_container.py --ignore=tests/system/test_package.py \
        --ignore=tests/system/test_rpm.py --ignore=tests/system/test_walk.py "$@"
    unset TSIG_PROXY_WORKERS
}

# threads ARGUMENT…: with ThreadSanitizer, these of the system tests, and what starts threads by itself.
threads() {
    one "build with ThreadSanitizer" build thread || return
    criterion thread admin-tests
    criterion thread unit-tests --filter '*bell/*'
    system_tests "ThreadSanitizer" 3 "$thread/tsig-proxy" "$thread/tsig-proxy" "$@"
}

all_threads() {
    # But for where memory is measured.
    threads tests/system --ignore=tests/system/test_large.py
    criterion thread loop-tests
    criterion thread unit-tests
}

coverage() {
    # Word splitting is wanted: one argument per package.
    # shellcheck disable=SC2086
    packages_install $packages gcovr || exit 1
    build coverage >/dev/null || exit 1
    find build/coverage -name '*.gcda' -delete
    build/coverage/tests/unit-tests --timeout 60 >/dev/null || exit 1
    gcovr --root . --filter src/ build/coverage/CMakeFiles/tsigproxy.dir
}

all() {
    lints
    one "build with sanitizers" build check && programs
    one "build with clang" build clang && one "lint: tidy" sh tests/lint/tidy.sh
    one "build as released" build release
    system_tests "one worker" 1 "$check/tsig-proxy" "$release/tsig-proxy" tests/system
    system_tests "three workers" 3 "$check/tsig-proxy" "$release/tsig-proxy" tests/system \
        -m "not no_proxy and not own_workers and not any_workers"
    # shellcheck disable=SC2086 # a list
    threads $thread_sample
    # Building the image keeps both cores busy, which others' clocks would not like.
    export TSIG_PROXY="$check/tsig-proxy"
    pytests "containers" 600 tests/system/test_container.py -rsP
    export TSIG_PROXY_RELEASE="$release/tsig-proxy"
    pytests "packages" 600 tests/system/test_package.py tests/system/test_rpm.py tests/system/test_walk.py -rsP
}

# main PART: with what is missing installed, and the count at the end.
main() {
    # shellcheck disable=SC2086
    packages_install $packages || exit 1
    # Debian keeps servers where the path of ordinary users does not lead.
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
    rm -rf "$results"
    mkdir -p "$results"
    "$1"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

case ${1-} in
"") main all ;;
--thread) main all_threads ;;
--coverage) coverage ;;
*)
    echo "usage: sh tests/run.sh [--thread | --coverage]" >&2
    exit 2
    ;;
esac
