"""The demo's hub, driven as people drive it: by manage.py and by the REST API.

In: a folder and a port. Out: a Hub whose worker and web server run until `end`. Its environment is
made here from nothing, so that no setting of the reader's own hub gets in. Secrets go in by
standard input, never as arguments.
"""

from __future__ import annotations

import http.client
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.demo import DemoFailed
from scripts.demo.children import Child
from scripts.demo.folder import write_private
from scripts.demo.telling import detail, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scripts.demo.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
_MANAGE = (sys.executable, str(ROOT / "manage.py"))
_COMMAND_SECONDS = 400
_START_SECONDS = 60
_REQUEST_SECONDS = 10


class Hub:
    """One installation of Slipway."""

    def __init__(self, folder: Folder, *, port: int) -> None:
        self.port = port
        self.token = ""
        self._folder = folder
        self._environment = _environment(folder.hub)
        self._children: list[Child] = []
        self._write_wrapper()

    @property
    def url(self) -> str:
        """Where the web server answers."""
        return f"http://127.0.0.1:{self.port}"

    # Commands

    def manage(self, *args: str, stdin: str = "") -> str:
        """Run a command, showing it; return its standard output.

        Raises: DemoFailed with its code. What it says on standard error is seen by the reader.
        """
        detail(f"$ {shown(self._folder.manage)} {shlex.join(_shortened(args))}")
        return self._run(args, stdin=stdin)

    def json(self, *args: str) -> Any:
        """Run a command that reads, without showing it."""
        return json.loads(self._run((*args, "-o", "json")))

    def python(self, lines: str, *, stdin: Iterable[str] = ()) -> str:
        """Run a few lines in Django's shell; `values` holds what is not for the command line."""
        text = f"values = {list(stdin)!r}\n{lines}\n"
        return self._run(("shell", "-v", "0"), stdin=text)

    # Processes

    def start(self) -> None:
        """Start the worker and the web server, and wait until the latter answers.

        Raises: DemoFailed.
        """
        web = ("serve", "--port", str(self.port))
        self._children = [self._child("worker", "worker"), self._child("web", *web)]
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            self.check()
            if time.monotonic() > until:
                raise DemoFailed(f"{self.url} does not answer within {_START_SECONDS} s")
            time.sleep(0.2)

    def check(self) -> None:
        """Raises: DemoFailed when the worker or the web server has ended by itself."""
        for child in self._children:
            child.check()

    def end(self) -> None:
        """End both, the worker first, so that it is still served while it finishes."""
        while self._children:
            self._children.pop(0).end()

    # REST

    def get(self, path: str) -> Any:
        """Read from the REST API with the team's token.

        Raises: DemoFailed when the answer is not 200.
        """
        status, body = self._request(f"/api/v1/{path}", {"Authorization": f"Bearer {self.token}"})
        if status != http.client.OK:
            raise DemoFailed(f"GET /api/v1/{path} was answered with {status}: {body[:500]!r}")
        return json.loads(body)

    def _request(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_REQUEST_SECONDS)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error).encode()
        finally:
            connection.close()

    def _answers(self) -> bool:
        return self._request("/admin/login/", {})[0] == http.client.OK

    def _child(self, name: str, *args: str) -> Child:
        return Child(
            name=name,
            command=(*_MANAGE, *args),
            environment=self._environment,
            log=self._folder.logs / f"{name}.log",
        )

    def _run(self, args: Iterable[str], *, stdin: str = "") -> str:
        words = shlex.join(args)
        try:
            done = subprocess.run(
                [*_MANAGE, *args],
                env=self._environment,
                input=stdin,
                stdout=subprocess.PIPE,
                text=True,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DemoFailed(f"manage.py {words} did not end in {_COMMAND_SECONDS} s") from None
        if done.returncode != 0:
            said = done.stdout.strip()
            raise DemoFailed(
                f"manage.py {words} ended with code {done.returncode}"
                + (f": {said}" if said else "")
            )
        return done.stdout

    def _write_wrapper(self) -> None:
        """Write `.demo/manage`, so that the reader needs no environment either."""
        settings = shlex.join(
            f"{key}={value}" for key, value in self._environment.items() if key != "PATH"
        )
        command = shlex.join(_MANAGE)
        text = f'#!/bin/sh\n# manage.py of the demo\'s hub.\nexec env -i PATH="$PATH" {settings}'
        write_private(self._folder.manage, f'{text} {command} "$@"\n', mode=0o700)


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "SLIPWAY_ENV_FILE": str(home / "slipway.env"),
        "SLIPWAY_DATA_DIR": str(home),
        # All of it is on this machine, so there is nobody to listen in.
        "SLIPWAY_ALLOW_HTTP": "true",
        "SLIPWAY_ALLOW_PRIVATE_ADDRESSES": "true",
        # A cluster that is back should be found while the reader still looks.
        "SLIPWAY_RETRY_BASE_SECONDS": "2",
    }


def _shortened(args: Iterable[str]) -> list[str]:
    return [shown(Path(each)) if each.startswith("/") else each for each in args]
