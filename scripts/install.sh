#!/usr/bin/env bash
# Make .venv with the pinned requirements. Asking again costs nothing: a stamp holds their checksum.
set -euo pipefail
cd "$(dirname "$0")/.."

usable='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
wanted=$(cat requirements.txt requirements-dev.txt | cksum)
stamp=.venv/.installed

# Two makes at once (a developer's and an editor's) take turns.
exec 9<requirements.txt
if command -v flock >/dev/null; then flock 9; fi

if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi

if [ ! -x .venv/bin/python ]; then
  python=
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && "$candidate" -c "$usable" 2>/dev/null; then
      python=$candidate
      break
    fi
  done
  if [ -z "$python" ]; then
    echo "install: Python 3.11 or newer with venv is needed (set PYTHON to name one)" >&2
    exit 1
  fi
  echo "install: making .venv with $("$python" --version)"
  "$python" -m venv .venv
fi

echo "install: installing the pinned requirements"
.venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check -r requirements-dev.txt
.venv/bin/python -m pip check --disable-pip-version-check >&2
echo "$wanted" >"$stamp"
echo "install: done"
