"""Child processes of the demo: started in sessions of their own, ended one after the other.

In: a command, an environment, a log file. Out: a Child. Ctrl-C reaches only the demo, which then
ends its children in order; if the demo is killed, the kernel tells them to end (PR_SET_PDEATHSIG by
util-linux's setpriv, where there is one).
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

from scripts.demo import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# A worker gives its tasks half a minute.
_END_SECONDS = 45
_LOG_LINES = 15
_PORTS_TRIED = 20


class Child:
    """One running program."""

    def __init__(
        self, *, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                [*_ending_with_us(), *command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.poll() is None

    def check(self) -> None:
        """Raises: DemoFailed with the end of its log when it has ended."""
        if not self.running:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
            code = self._process.returncode
            raise DemoFailed(f"{self.name} ended by itself with code {code}:\n{tail}")

    def end(self) -> None:
        """Tell it to end, and insist after a while."""
        if self.running:
            self._process.terminate()
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_port(preferred: int) -> int:
    """The preferred port or one of the next ones, else any that is free; 0 prefers none."""
    wanted = range(preferred, min(preferred + _PORTS_TRIED, 65_536)) if preferred else ()
    for port in (*wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise DemoFailed("no port of 127.0.0.1 is free")


def _ending_with_us() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()
