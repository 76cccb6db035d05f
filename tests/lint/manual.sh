#!/bin/sh
# mandoc finds nothing in the manual pages but pages of others that are not installed here.
cd "$(dirname "$0")/../.." || exit 1
for page in etc/man/*; do
    mandoc -T lint -W style "$page" 2>/dev/null
done | grep -v 'referenced manual not found' && exit 1
echo "$(find etc/man -type f | wc -l) pages"
