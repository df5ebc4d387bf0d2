"""Environment variables as typed values; the only reader of the environment.

A file of KEY=value lines named by SLIPWAY_ENV_FILE (default: var/slipway.env, written by `manage.py
init`) is read first; the real environment wins over it. Every switch stands here with its unit and
default, and in docs/settings.md.
"""

from __future__ import annotations

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
ENV_FILE = Path(os.environ.get("SLIPWAY_ENV_FILE", BASE_DIR / "var" / "slipway.env"))

env = environ.Env()
if ENV_FILE.is_file():
    environ.Env.read_env(str(ENV_FILE))

DEBUG: bool = env.bool("SLIPWAY_DEBUG", default=False)
# Signs sessions and queue payloads. Rotating it logs people out and drops queued wake-ups, nothing
# more.
SECRET_KEY: str = env.str("SLIPWAY_SECRET_KEY", default="")
# Seal secrets at rest; the first key seals, all of them open. Apart from SECRET_KEY on purpose.
ENCRYPTION_KEYS: list[str] = env.list("SLIPWAY_ENCRYPTION_KEYS", default=[])
DATA_DIR = Path(env.str("SLIPWAY_DATA_DIR", default=str(BASE_DIR / "var")))
DATABASE_URL: str = env.str("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'slipway.sqlite3'}")
ALLOWED_HOSTS: list[str] = env.list(
    "SLIPWAY_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("SLIPWAY_CSRF_TRUSTED_ORIGINS", default=[])

# Addresses. Refused by default; link-local and metadata addresses stay refused whatever is set
# here.
ALLOW_HTTP: bool = env.bool("SLIPWAY_ALLOW_HTTP", default=False)
ALLOW_PRIVATE_ADDRESSES: bool = env.bool("SLIPWAY_ALLOW_PRIVATE_ADDRESSES", default=False)

# Work. Seconds unless said otherwise.
WORKERS: int = env.int("SLIPWAY_WORKERS", default=2)  # processes
CLUSTER_CONCURRENCY: int = env.int(
    "SLIPWAY_CLUSTER_CONCURRENCY", default=8
)  # clusters at once per process
TICK_SECONDS: float = env.float("SLIPWAY_TICK_SECONDS", default=1.0)
SILENCE_SECONDS: float = env.float("SLIPWAY_SILENCE_SECONDS", default=6.0)
LEASE_SECONDS: float = env.float("SLIPWAY_LEASE_SECONDS", default=30.0)
APPLY_SECONDS: float = env.float("SLIPWAY_APPLY_SECONDS", default=120.0)
FETCH_SECONDS: float = env.float("SLIPWAY_FETCH_SECONDS", default=60.0)
RENDER_SECONDS: float = env.float("SLIPWAY_RENDER_SECONDS", default=30.0)
RETRY_BASE_SECONDS: float = env.float("SLIPWAY_RETRY_BASE_SECONDS", default=30.0)
# Which worker group this process belongs to; set by `manage.py worker` for its children.
WORKER_GROUP: str = env.str("SLIPWAY_WORKER_GROUP", default="")
# The pid of that command; its children end when it is gone.
SUPERVISOR_PID: int = env.int("SLIPWAY_SUPERVISOR_PID", default=0)
# Tests only: a file that names the step to die at (projects/faults.py).
CRASH_FILE: str = env.str("SLIPWAY_CRASH_FILE", default="")
LOG_LEVEL: str = env.str("SLIPWAY_LOG_LEVEL", default="INFO")
