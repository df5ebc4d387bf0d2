"""--wait: look again and again, say on stderr what changed, end when it is over.

In: a function that looks (federation.management.progress) and a time in seconds. Out: nothing when
it arrived; errors otherwise. What arrived means is the look's business.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from federation.management.cli import LONGEST_MESSAGE
from federation.management.errors import Stalled, WaitedInVain
from federation.management.progress import End, Look
from projects.kube import masking
from projects.operations import leases

if TYPE_CHECKING:
    from collections.abc import Callable

# A look is a handful of short reads.
_EVERY_SECONDS = 0.5

NO_WORKER = "no worker is running; start one with `manage.py worker`"


def wait(look: Callable[[], Look], *, seconds: int, tell: Callable[[str], None]) -> Look:
    """Wait until it is done.

    Raises: Stalled when it cannot get there by itself, WaitedInVain after the time.
    """
    until = time.monotonic() + seconds
    told: dict[str, str] = {}
    stalled = False
    if not leases.living().exists():
        tell(f"note: {NO_WORKER}")
    while True:
        seen = look()
        told = _tell_changes(told, seen.lines, tell)
        if seen.end is End.DONE:
            return seen
        # Rows and the status summarised from them are two transactions: a look may fall between.
        if seen.end is End.STALLED and stalled:
            raise Stalled(seen.message, reason=seen.reason)
        stalled = seen.end is End.STALLED
        if time.monotonic() >= until:
            idle = "" if leases.living().exists() else f"; {NO_WORKER}"
            raise WaitedInVain(f"after {seconds} s still missing: {seen.message}{idle}")
        time.sleep(min(_EVERY_SECONDS, max(until - time.monotonic(), 0.0)))


def _tell_changes(
    told: dict[str, str], lines: dict[str, str], tell: Callable[[str], None]
) -> dict[str, str]:
    changes = dict.fromkeys(sorted(told.keys() - lines.keys()), "gone")
    changes |= {subject: said for subject, said in lines.items() if told.get(subject) != said}
    for subject, said in changes.items():
        shown = masking.printable(said, limit=LONGEST_MESSAGE)
        tell(f"{time.strftime('%H:%M:%S')} {subject}: {shown}")
    return lines
