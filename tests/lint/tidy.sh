#!/bin/sh
# clang-tidy, with the checks of .clang-tidy, finds nothing in the program; it reads how build/clang was built.
cd "$(dirname "$0")/../.." || exit 1
find src proxy -name '*.c' -print0 | xargs -0 -P "$(nproc)" -n 4 clang-tidy -p build/clang --quiet && echo "tidy"
