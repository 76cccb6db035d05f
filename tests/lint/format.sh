#!/bin/sh
# All C files look as .clang-format says.
cd "$(dirname "$0")/../.." || exit 1
find src include proxy tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} + && echo "formatted"
