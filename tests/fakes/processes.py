"""Looking at the processes of this machine: is one left behind, does one tell a secret?"""

from __future__ import annotations

import os
import time
from pathlib import Path


def with_argument(text: str) -> list[int]:
    """Find the processes, ours excepted, whose arguments contain a text."""
    return [number for number, raw in _read("cmdline") if text.encode() in raw]


def with_variable(text: str) -> list[int]:
    """Find the processes, ours excepted, whose environment contains a text."""
    return [number for number, raw in _read("environ") if text.encode() in raw]


def gone(argument: str, *, within: float = 2.0) -> bool:
    """Wait until no process has the argument; a killed one takes a moment to die."""
    until = time.monotonic() + within
    while with_argument(argument):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def gone_from(directory: Path, *, within: float = 2.0) -> bool:
    """Wait until no process works in a directory or names it; others' git may run beside us."""
    until = time.monotonic() + within
    while at_work_in(directory):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def at_work_in(directory: Path) -> list[int]:
    """Find the processes, ours excepted, that name a directory or stand in it."""
    standing = [number for number, where in _places() if where.is_relative_to(directory)]
    return sorted({*with_argument(str(directory)), *standing})


def seen(argument: str, *, within: float = 10.0) -> list[int]:
    """Wait for a process with the argument."""
    until = time.monotonic() + within
    while not (found := with_argument(argument)) and time.monotonic() < until:
        time.sleep(0.02)
    return found


def _places() -> list[tuple[int, Path]]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            where = path.readlink()
        except OSError:
            continue  # it ended meanwhile, or is someone else's
        found.append((int(path.parent.name), where))
    return [(number, where) for number, where in found if number != os.getpid()]


def _read(name: str) -> list[tuple[int, bytes]]:
    found = []
    for path in Path("/proc").glob(f"[0-9]*/{name}"):
        try:
            raw = path.read_bytes()
        except OSError:
            continue  # it ended meanwhile, or is someone else's
        found.append((int(path.parent.name), raw))
    return [(number, raw) for number, raw in found if number != os.getpid()]
