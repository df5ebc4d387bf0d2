"""Run git's own program, bounded in every direction.

In: arguments as a list, a Setting (where, until when, with which configuration). Out: what it
wrote and its exit code, the text scrubbed. One process group per run, ended as a whole: TERM, then
KILL, so that neither git-remote-https nor anything below it outlives the run. There is no
shell; what git runs with is made in gitops.git.environment.

What a failure means is not judged here; see gitops.git.remote and gitops.git.checkout.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops.git import environment
from projects.errors import Invalid, Unavailable
from projects.kube import masking
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from gitops.git.environment import Setting

_STDERR_BYTES = 32 << 10
_CHUNK = 64 << 10
_GRACE = 1.0  # seconds between TERM and KILL
_SLICE = 0.25  # seconds; how late an exit without end-of-file is noticed


class GitTimeout(Unavailable):
    """Git was still running when its time was over, and was ended."""

    default_reason = Reason.FETCH_TIMEOUT


class OutputTooLarge(Invalid):
    """Git wrote more than anybody could mean."""

    default_reason = Reason.LIMIT_EXCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a run ended."""

    returncode: int
    stdout: bytes
    stderr: str


def run(setting: Setting, *args: str) -> Finished:
    """Run git to its end.

    Raises: GitTimeout, OutputTooLarge, environment.GitNotStarted; never because of git's exit code.
    """
    with start(setting, *args) as running:
        running.close_input()
        stdout = running.read_all()
        return running.finish(stdout)


@contextlib.contextmanager
def start(setting: Setting, *args: str) -> Iterator[Running]:
    """Run git beside us for the length of a block; its whole group is gone when the block ends."""
    where = ("--git-dir", str(setting.directory)) if setting.is_repository else ()
    argv = [*environment.limited(setting.limits), environment.program("git"), *where, *args]
    try:
        child = subprocess.Popen(
            argv,
            cwd=setting.directory,
            env=environment.variables(setting),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=setting.kept_open,
        )
    except OSError as error:  # the directory went away, or there is no room for a process
        raise environment.GitNotStarted(f"git could not be started: {error.strerror}") from error
    running = Running(child, setting, name=args[0])
    try:
        yield running
    finally:
        running.end()


def version() -> tuple[int, ...]:
    """Return the version of the git program, for the check at start."""
    try:
        answer = subprocess.run(
            [environment.program("git"), "--version"],
            env={"PATH": environment.PATH, "LC_ALL": "C"},
            capture_output=True,
            timeout=10,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GitTimeout("git --version did not answer within 10 seconds") from error
    words = answer.stdout.decode(errors="replace").split()
    digits = words[2].split(".") if len(words) > 2 else []
    return tuple(int(digit) for digit in digits if digit.isdigit())


class Running:
    """One git process and the group it leads. All waiting is done here and ends at the deadline."""

    def __init__(self, child: subprocess.Popen[bytes], setting: Setting, *, name: str) -> None:
        self._child = child
        self._setting = setting
        self._name = name
        self._stdout, self._stderr = _pipe(child.stdout), _pipe(child.stderr)
        self._open = {self._stdout, self._stderr}
        self._out, self._err = bytearray(), bytearray()
        self._poller = select.poll()
        for descriptor in self._open:
            self._poller.register(descriptor, select.POLLIN)

    def ask(self, line: str) -> None:
        """Write one short line to its input; a dead reader is noticed when the answer is read."""
        stream = self._child.stdin
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.write(line.encode() + b"\n")
                stream.flush()

    def close_input(self) -> None:
        """Tell it that nothing more will be asked."""
        if self._child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._child.stdin.close()

    def read_until(self, end: bytes, *, limit: int) -> bytes:
        """Return the bytes up to and without `end`; b"" at the end of the output.

        Raises: OutputTooLarge when `limit` bytes hold no `end`.
        """
        while (at := self._out.find(end)) < 0:
            if len(self._out) > limit:
                raise OutputTooLarge(f"git wrote a record of more than {limit} bytes")
            if not self._pump():
                return b""
        found = bytes(self._out[:at])
        del self._out[: at + len(end)]
        return found

    def read_exactly(self, count: int) -> bytes:
        """Return `count` bytes, fewer only at the end of the output."""
        while len(self._out) < count and self._pump():
            pass
        found = bytes(self._out[:count])
        del self._out[:count]
        return found

    def read_all(self) -> bytes:
        """Return all it writes, up to the limit of the setting."""
        limit = self._setting.limits.output_bytes
        while self._pump():
            if len(self._out) > limit:
                raise OutputTooLarge(f"git wrote more than {limit} bytes")
        return bytes(self._out)

    def finish(self, stdout: bytes = b"") -> Finished:
        """Wait for its end and tell how it went."""
        self.close_input()
        while not self._exited() or self._stderr in self._open:
            if not self._pump(until_exit=True):
                break
        self.end()
        text = self._err.decode(errors="replace")
        return Finished(
            returncode=self._child.returncode,
            stdout=stdout,
            stderr=masking.scrub(text, self._setting.secrets),
        )

    def end(self) -> None:
        """End the whole group: politely, then not. Doing it twice is harmless."""
        if self._child.returncode is not None:
            return
        self.close_input()
        if not self._exited():
            self._signal(signal.SIGTERM)
            patience = time.monotonic() + _GRACE
            while not self._exited() and time.monotonic() < patience:
                time.sleep(0.01)
        # The leader is not reaped before this line, so its group id cannot be anyone else's.
        self._signal(signal.SIGKILL)
        for stream in (self._child.stdout, self._child.stderr):
            if stream is not None:
                stream.close()
        self._child.wait()

    def _pump(self, *, until_exit: bool = False) -> bool:
        """Take in what was written; False when the output (or the process) is at its end."""
        if not until_exit and self._stdout not in self._open:
            return False
        left = self._setting.deadline - time.monotonic()
        if left <= 0:
            raise GitTimeout(f"git {self._name} was still running when its time was over")
        ready = self._poller.poll(min(left, _SLICE) * 1000) if self._open else []
        for descriptor, _ in ready:
            self._take(descriptor)
        if not self._open and not self._exited():
            time.sleep(0.005)
        # Something below git may hold the pipes open after git is gone; it is not waited for.
        return bool(ready) or not self._exited()

    def _take(self, descriptor: int) -> None:
        data = os.read(descriptor, _CHUNK)
        if not data:
            self._poller.unregister(descriptor)
            self._open.discard(descriptor)
        elif descriptor == self._stdout:
            self._out += data
        else:
            self._err += data
            del self._err[:-_STDERR_BYTES]  # the reason stands in the last lines

    def _exited(self) -> bool:
        if self._child.returncode is not None:
            return True
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._child.pid, flags) is not None

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)


def _pipe(stream: IO[bytes] | None) -> int:
    if stream is None:  # every run asks for pipes
        raise RuntimeError("git was started without pipes")
    return stream.fileno()
