#!/usr/bin/env bash
# mypy over the product and the harness (pyproject.toml names the files); strict in pure rooms and wires.
set -euo pipefail
cd "$(dirname "$0")/.."

# The Django plug-in loads the settings; it wants a key, not this installation's.
export SLIPWAY_ENV_FILE=/dev/null
export SLIPWAY_SECRET_KEY="${SLIPWAY_SECRET_KEY:-for-type-checking-only}"
exec .venv/bin/mypy "$@"
