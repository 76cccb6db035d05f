#!/bin/sh
# All shell scripts pass shellcheck.
cd "$(dirname "$0")/../.." || exit 1
find etc tests -name '*.sh' -exec shellcheck -x {} + && shellcheck -x .ci/run && echo "no complaints"
