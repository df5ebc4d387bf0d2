"""Crash points: named steps at which a test may end the process the hard way.

Convergence after SIGKILL is a promise (docs/architecture.md, work), and a promise needs a way to be
broken on purpose. In production nothing is installed and `reach` is one comparison. config.settings
installs the hook when SLIPWAY_CRASH_AT names a step; the process then dies by SIGKILL, so that no
handler and no finally runs.
"""

from __future__ import annotations

import os
import signal

_armed: str = ""


def arm(step: str) -> None:
    """Die at the named step ("" disarms)."""
    global _armed
    _armed = step


def reach(step: str) -> None:
    """Say that a step was reached; the process ends here if it was armed for it."""
    if _armed and step == _armed:
        os.kill(os.getpid(), signal.SIGKILL)
