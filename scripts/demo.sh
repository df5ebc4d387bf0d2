#!/usr/bin/env bash
# Show Slipway at work on this machine; ONCE=1 runs the story once and ends.
set -euo pipefail
cd "$(dirname "$0")/.."

arguments=()
if [ -n "${ONCE:-}" ]; then arguments+=(--once); fi
exec .venv/bin/python manage.py demo "${arguments[@]}" "$@"
