"""Crash points: named steps at which a test may end the process the hard way.

Convergence after SIGKILL is a promise, and a promise needs a way to be broken on purpose. In
production nothing is armed and `reach` is one comparison. A test names a file by
SLIPWAY_CRASH_FILE and writes a step into it; the first process that reaches the step removes the
file and dies by SIGKILL, so that no handler and no finally runs. `step@subject` means only where
that subject is worked on, a trailing `!` every time instead of once.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_file: Path | None = None


def arm(file: str) -> None:
    """Watch a file for the step to die at ("" watches none)."""
    global _file
    _file = Path(file) if file else None


def reach(step: str, subject: str = "") -> None:
    """Say that a step was reached; the process ends here if a test wants it to."""
    if _file is not None and _is_wanted(_file, step, subject):
        os.kill(os.getpid(), signal.SIGKILL)


def _is_wanted(file: Path, step: str, subject: str) -> bool:
    wanted = ""
    with contextlib.suppress(FileNotFoundError):
        wanted = file.read_text().strip()
    if wanted.rstrip("!") not in (step, f"{step}@{subject}"):
        return False
    if wanted.endswith("!"):
        return True
    try:
        file.unlink()  # of several processes at the same step, one dies
    except FileNotFoundError:
        return False
    return True
