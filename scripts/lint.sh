#!/usr/bin/env bash
# Style, format and layers: everything that needs no types and no database. All three always run.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=0
.venv/bin/ruff check . || failed=1
.venv/bin/ruff format --check . || failed=1
.venv/bin/lint-imports --no-cache || failed=1
exit "$failed"
