"""Child processes that never outlive the test process, and the ports they listen on.

In: a command, a log file. Out: a Program that can be stopped hard, frozen, thawed and asked for its
memory. The kernel kills the children when the thread that started them ends (PR_SET_PDEATHSIG by
util-linux's setpriv), so programs are started from the test's own thread, never from a short-lived
one.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Below the ephemeral range: a stopped apiserver finds its port free again, whatever connects out
# meanwhile.
_PORT_FIRST = 20000
_PORT_COUNT = 12000


class Program:
    """One running program of a cluster and its log."""

    def __init__(
        self, *, name: str, command: Sequence[str], log: Path, env: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                [*_dying_with_us(), *command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=dict(env),
                cwd=log.parent,
                start_new_session=True,  # Ctrl-C ends the tests first, and they end the cluster
            )

    @property
    def running(self) -> bool:
        """Tell whether the program has not ended (a frozen one runs)."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the program at once, as a power cut would."""
        if self.running:
            self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop it where it stands: connections are accepted by the kernel and never answered."""
        self._process.send_signal(signal.SIGSTOP)
        # The signal is only on its way; the parent hears when the last thread has stopped.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let a frozen program go on."""
        self._process.send_signal(signal.SIGCONT)

    def resident_bytes(self) -> int:
        """Return the memory it holds now (Linux), 0 when it cannot be told."""
        try:
            with open(f"/proc/{self._process.pid}/statm", encoding="ascii") as statm:  # noqa: PTH123
                return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def tail(self, lines: int = 20) -> str:
        """Return the end of the log, for a failure's message."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        state = "running" if self.running else f"ended with {self._process.returncode}"
        return "\n".join([f"--- {self.name} ({state}), {self.log}:", *text])


def free_port() -> int:
    """Return a loopback port nobody listens on now.

    Drawn from the system's randomness: pytest-randomly seeds `random` alike in every worker.
    """
    while True:
        port = _PORT_FIRST + secrets.randbelow(_PORT_COUNT)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _dying_with_us() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()
