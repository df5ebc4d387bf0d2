"""When to try again: exponential with jitter, bounded; pure, the jitter is passed in."""

from __future__ import annotations

from datetime import datetime, timedelta

BASE_SECONDS = 30.0
LONGEST_SECONDS = 900.0


def delay(
    failures: int,
    *,
    jitter: float,
    base: float = BASE_SECONDS,
    retry_after: float | None = None,
    slow: bool = False,
) -> timedelta:
    """How long to wait after the given number of failures in a row (1 is the first).

    jitter is in [0, 1) and takes up to half away, so that a hundred sources of one dead cluster do
    not come back in one moment. slow starts at the longest wait, for what only a person mends. A
    Retry-After is honoured up to the longest wait: a server must not be able to switch a source
    off.
    """
    whole = (
        LONGEST_SECONDS
        if slow
        else min(base * 2.0 ** min(max(failures - 1, 0), 16), LONGEST_SECONDS)
    )
    seconds = whole * (1.0 - min(max(jitter, 0.0), 1.0) / 2.0)
    return timedelta(seconds=min(max(seconds, retry_after or 0.0), LONGEST_SECONDS))


def spread(interval: float, now: datetime, *, jitter: float) -> datetime:
    """The next regular time: interval seconds from now, up to a tenth earlier so that rows do not
    march in step.
    """
    return now + timedelta(seconds=interval * (1.0 - 0.1 * jitter))
