#!/bin/sh
# The same seeds, the same play: sh tests/sim/again.sh PROGRAM A-B plays them in two processes, whose addresses
# differ, and compares what they print, the digest of all that happened included.
set -eu
first=$("$1" --seeds "$2")
second=$("$1" --seeds "$2")
echo "$first"
[ "$first" = "$second" ]
