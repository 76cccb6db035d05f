#!/bin/sh
# All shell scripts pass shellcheck.
cd "$(dirname "$0")/../.." || exit 1
find etc tests -name '*.sh' -exec shellcheck -x {} + &&
    shellcheck -x .ci/run etc/debian/postinst etc/debian/postrm etc/debian/prerm &&
    shellcheck -s bash etc/completions/*.bash && echo "no complaints"
