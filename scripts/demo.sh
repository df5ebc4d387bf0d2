#!/usr/bin/env bash
# Show Slipway at work on this machine, until Ctrl-C; ONCE=1 checks everything with kubectl and ends.
# KUBECONFIG=... lets your own clusters take part. Everything is kept in .demo/; --help says more.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -x .venv/bin/python ]; then
  echo "demo: .venv is missing; \`make demo\` makes it" >&2
  exit 1
fi
arguments=()
if [ -n "${ONCE:-}" ] && [ "$ONCE" != 0 ]; then arguments+=(--once); fi
exec .venv/bin/python -m scripts.demo ${arguments[@]+"${arguments[@]}"} "$@"
