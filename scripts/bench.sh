#!/usr/bin/env bash
# Run every benchmark, one after the other: each prints one table, with inputs it makes itself and fixed seeds.
set -euo pipefail
cd "$(dirname "$0")/.."

found=0
for file in benchmarks/*.py; do
  [ -e "$file" ] || continue
  found=1
  echo "== $file"
  .venv/bin/python "$file" "$@"
done
if [ "$found" = 0 ]; then echo "bench: there are no benchmarks yet"; fi
