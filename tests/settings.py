"""Settings of the suite: keys of its own, a database of its own, and the product's settings
otherwise.

Every process keeps its data in a folder of its own. SQLite lives in a file, as in production,
because threads share it; with SLIPWAY_TEST_POSTGRES=1 a real PostgreSQL is started for the process
and dies with it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_DATA = Path(tempfile.mkdtemp(prefix="slipway-test-"))
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)

os.environ.update(
    {
        "SLIPWAY_ENV_FILE": str(_DATA / "no.env"),
        "SLIPWAY_DATA_DIR": str(_DATA),
        "SLIPWAY_SECRET_KEY": "the suite signs with this",
        "SLIPWAY_ENCRYPTION_KEYS": "cGFja2VkIHdpdGggdGVzdHMgYW5kIG5vdGhpbmcgdXM=",
        "SLIPWAY_ALLOW_HTTP": "true",
        "SLIPWAY_ALLOW_PRIVATE_ADDRESSES": "true",
        "SLIPWAY_LOG_LEVEL": "WARNING",
    }
)

if os.environ.get("SLIPWAY_TEST_POSTGRES"):
    from tests import postgres

    os.environ["DATABASE_URL"] = postgres.start()
else:
    os.environ["DATABASE_URL"] = f"sqlite:///{_DATA / 'slipway.sqlite3'}"

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES  # noqa: E402

DATABASES["default"]["TEST"] = (
    {"NAME": str(_DATA / "test.sqlite3")} if "sqlite" in DATABASES["default"]["ENGINE"] else {}
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
