"""One bounded child process.

In: an argument list and Bounds. Out: Finished, or one of three endings: TimedOut, OutputTooLarge,
NotStarted. The child gets none of our environment, no input, its own session, limits of processor,
memory, file size and open files (`prlimit`), and its own user, network and process namespaces
(`unshare`) as far as the machine gives them: inside them there is no network and no other
process's environment to read. Whatever happens, its process group is dead when `run` returns.
Which program runs, and what its output means, is the caller's business. preexec_fn is not used: it
is not safe in a process with threads. RLIMIT_AS is not used: a Go program does not start under it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAX_ERRORS = 64 * 1024
_CHUNK = 64 * 1024
_NAMESPACES = ("--map-root-user", "--net")
_MORE_NAMESPACES = ("--ipc", "--pid", "--fork", "--kill-child", "--mount-proc")
_HELPERS = ("unshare:", "prlimit:")
_PROBE_SECONDS = 5.0


class Isolation(StrEnum):
    """How far a child is cut off; health pages show it."""

    FULL = "no network, no other processes"
    NETWORK = "no network"
    NONE = "limits only"


class ProcessError(Exception):
    """A child that did not come to its own end."""


class TimedOutError(ProcessError):
    """It ran longer than it may."""


class OutputTooLargeError(ProcessError):
    """It wrote more than it may."""


class NotStartedError(ProcessError):
    """The program could not be started at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a child may spend."""

    seconds: float
    memory_bytes: int
    output_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a child ended; code is negative when a signal ended it."""

    code: int
    output: bytes
    errors: str


def run(
    command: tuple[str, ...], *, directory: Path, environment: Mapping[str, str], bounds: Bounds
) -> Finished:
    """Run a program to its end, in a directory, with this environment and no other.

    Raises: TimedOutError, OutputTooLargeError, NotStartedError.
    """
    if not os.access(command[0], os.X_OK):
        raise NotStartedError("it is not there, or not a program")
    deadline = time.monotonic() + bounds.seconds
    argv = [*_limits(bounds), *_prefix(isolation()), *command]
    try:
        child = subprocess.Popen(
            argv,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise NotStartedError(error.strerror or "it could not be started") from error
    with child:
        try:
            output, errors = _collect(child, deadline=deadline, bounds=bounds)
            _await(child, deadline=deadline)
        finally:
            _kill_group(child)
        code = child.wait()
    told = errors.decode(errors="replace")
    if code != 0 and told.startswith(_HELPERS):
        # Not the program's word: a helper found no namespace or limit left to give.
        raise NotStartedError(told.splitlines()[0])
    return Finished(code=code, output=output, errors=told)


@functools.cache
def isolation() -> Isolation:
    """Find out, once, which namespaces this machine gives to such as us."""
    if _works(_prefix(Isolation.FULL)):
        return Isolation.FULL
    if _works(_prefix(Isolation.NETWORK)):
        return Isolation.NETWORK
    return Isolation.NONE


def _prefix(level: Isolation) -> list[str]:
    if level is Isolation.NONE:
        return []
    program = shutil.which("unshare") or "unshare"
    more = _MORE_NAMESPACES if level is Isolation.FULL else ()
    return [program, *_NAMESPACES, *more, "--"]


def _works(prefix: list[str]) -> bool:
    command = [*prefix, shutil.which("true") or "true"]
    try:
        done = subprocess.run(
            command, env={}, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _limits(bounds: Bounds) -> list[str]:
    program = shutil.which("prlimit")
    if program is None:
        return []
    # The processor limit is for a child that outlives us; while we live, the clock ends it first.
    seconds = int(bounds.seconds) * max(os.cpu_count() or 1, 1) + 1
    return [
        program,
        f"--cpu={seconds}",
        f"--data={bounds.memory_bytes}",
        "--fsize=0",
        "--core=0",
        "--nofile=512",
        "--",
    ]


def _collect(
    child: subprocess.Popen[bytes], *, deadline: float, bounds: Bounds
) -> tuple[bytes, bytes]:
    """Read both pipes to their ends; errors beyond their bound are read and dropped."""
    output, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for pipe, buffer in ((child.stdout, output), (child.stderr, errors)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, buffer)
        while selector.get_map():
            left = deadline - time.monotonic()
            ready = selector.select(timeout=left) if left > 0 else []
            if not ready:
                raise TimedOutError
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                key.data.extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            if len(output) > bounds.output_bytes:
                raise OutputTooLargeError
            del errors[_MAX_ERRORS:]
    return bytes(output), bytes(errors)


def _await(child: subprocess.Popen[bytes], *, deadline: float) -> None:
    """Wait for the end without reaping, so that the number of its group cannot be given away."""
    pause = 0.001
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() > deadline:
            raise TimedOutError
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """End whatever is left of the child's session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
