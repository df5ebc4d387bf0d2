"""A person's shell: blocks are typed one after the other, and the first error is the end of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DONE = "--- typed block {number} ---"


class BlockFailed(AssertionError):
    """A command of a block ended with an error; the message has the block and what was printed."""


class Shell:
    """One bash; variables, functions and background jobs last from block to block."""

    def __init__(self, folder: Path, environment: dict[str, str], *, scripts: Path) -> None:
        self._scripts = scripts
        self._count = 0
        self._expired = False
        self._process = subprocess.Popen(
            ["bash", "--norc", "-e", "-u", "-o", "pipefail"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def type(self, block: str, *, seconds: float) -> str:
        """Run a block; what it printed, errors among it.

        Raises: BlockFailed.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._count += 1
        script = self._scripts / f"block-{self._count}.sh"
        script.write_text(block)
        done = _DONE.format(number=self._count)
        timer = threading.Timer(seconds, self._expire)
        timer.start()
        try:
            # Nothing that a block runs may read what is typed after it.
            self._process.stdin.write(f"source '{script}' </dev/null; echo; echo '{done}'\n")
            self._process.stdin.flush()
            lines: list[str] = []
            for line in self._process.stdout:
                if line.strip() == done:
                    return "".join(lines)
                lines.append(line)
        finally:
            timer.cancel()
        how = f"not done within {seconds:.0f} s" if self._expired else "failed"
        raise BlockFailed(f"block {self._count} {how}:\n{block}\n{''.join(lines)}")

    def close(self) -> None:
        """End the shell and everything it started."""
        self._kill()
        self._process.communicate()

    def _expire(self) -> None:
        self._expired = True
        self._kill()

    def _kill(self) -> None:
        # Also after the shell itself has ended: what it started may still run.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


@contextlib.contextmanager
def opened(folder: Path, environment: dict[str, str], *, scripts: Path) -> Iterator[Shell]:
    """A shell until the block ends."""
    shell = Shell(folder, environment, scripts=scripts)
    try:
        yield shell
    finally:
        shell.close()
