"""When to try again after a failure.

In: how often it failed, a jitter between 0 and 1 drawn by the caller, what the other side asked
for. Out: seconds. 30 s, doubling to 15 min; the jitter takes away up to half, so that a hundred
sources of one dead cluster do not come back in one moment. The wait is never longer than the cap,
whatever Retry-After says: a server must not be able to switch a source off.
"""

from __future__ import annotations

FIRST = 30.0
LONGEST = 900.0
# 2**10 is far above the cap; a larger exponent would only overflow one day.
_MOST_DOUBLINGS = 10


def seconds(
    *, failures: int, jitter: float, retry_after: float | None = None, slow: bool = False
) -> float:
    """Tell how long to wait after the given number of failures in a row (from 1).

    slow starts at the longest wait: for faults that only a person mends, such as a refused
    credential.
    """
    doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
    whole = LONGEST if slow else min(LONGEST, FIRST * 2**doublings)
    wait = whole * (1 - min(max(jitter, 0.0), 1.0) / 2)
    return min(LONGEST, max(wait, retry_after or 0.0))
