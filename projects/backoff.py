"""When to try again: exponential with jitter, bounded; pure, the jitter is passed in."""

from __future__ import annotations

from datetime import datetime, timedelta

BASE_SECONDS = 30.0
LONGEST_SECONDS = 900.0


def delay(failures: int, *, jitter: float, base: float = BASE_SECONDS, retry_after: float | None = None) -> timedelta:
    """How long to wait after the given number of failures in a row (1 is the first).

    jitter is in [0, 1) and takes up to a fifth off; a retry_after that was named is waited for, within the bound.
    """
    doubled = base * 2.0 ** min(max(failures - 1, 0), 16)
    seconds = min(doubled, LONGEST_SECONDS) * (1.0 - 0.2 * jitter)
    if retry_after is not None:
        seconds = min(max(seconds, retry_after), LONGEST_SECONDS)
    return timedelta(seconds=seconds)


def spread(interval: float, now: datetime, *, jitter: float) -> datetime:
    """The next regular time: interval seconds from now, up to a tenth earlier so that rows do not march in step."""
    return now + timedelta(seconds=interval * (1.0 - 0.1 * jitter))
