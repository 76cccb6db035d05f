#!/bin/sh
# The test vectors that are checked in are those that an independent implementation (dnspython) makes.
cd "$(dirname "$0")/../.." || exit 1
if [ -f tests/vectors/make_vectors.py ]; then
    /usr/bin/python3 tests/vectors/make_vectors.py --check
else
    echo "no vectors"
fi
