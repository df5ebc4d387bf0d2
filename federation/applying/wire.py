"""Speak to one cluster many times at once, patiently, and never beyond the deadline.

In: calls of the member client. Out: their answers, or their errors as values. A bounded number is
in flight, so that nothing is queued whose turn comes long after it was allowed. Faults that pass
by themselves are tried again here, three times at most (security.md R-07): every write of a run
is idempotent, and the inventory holds the object already, so "maybe written" is no harm.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from federation.member import errors
from projects.errors import DomainError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from federation.member.client import Client

# Above eight, an API server gains almost nothing (reference: performance, section 3).
IN_FLIGHT = 8
ATTEMPTS = 4
# Of a whole run: enough for one fault that all calls in flight meet, and too few for a thousand
# objects that each fail for good to make a run minutes long.
RETRIES = 60
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
# These say something of the cluster or of our time, not of the object: the next one would fail too.
FATAL = (
    errors.ClusterUnreachable,
    errors.DeadlineExceeded,
    errors.Unauthorized,
    errors.TLSVerifyFailed,
    errors.AddressNotAllowed,
)
_PASSING = (errors.ClusterUnreachable, errors.ClusterError, errors.Throttled)

T = TypeVar("T")
R = TypeVar("R")


class _Budget:
    """How many calls of a run may still be made again, over all its threads."""

    def __init__(self, left: int = RETRIES) -> None:
        self._left = left
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The two identities a run may use, its threads, and when it must end (time.monotonic)."""

    client: Client
    platform: Client | None
    pool: ThreadPoolExecutor
    deadline: float
    retries: _Budget = field(default_factory=_Budget)

    def voice(self, namespace: str) -> Client:
        """Choose who speaks: the cluster's own credential for cluster-scoped objects only.

        Without one the project's service account asks, and the cluster refuses.
        """
        return self.client if namespace or self.platform is None else self.platform

    def again(self, call: Callable[[], R]) -> R:
        """Make a call, and make it again when its fault may have passed."""
        for attempt in range(1, ATTEMPTS):
            try:
                return call()
            except _PASSING as error:
                pause = _pause(error, attempt)
                if time.monotonic() + pause >= self.deadline or not self.retries.take():
                    raise
            time.sleep(pause)
        return call()

    def in_flight(
        self,
        items: Iterable[T],
        work: Callable[[T], R],
        *,
        before: Callable[[], None],
    ) -> Iterator[tuple[T, R | DomainError]]:
        """Do work on items, several at once; yield each with its answer or its error as they end.

        before is called in this thread right before each item is begun. When it raises, no further
        item is begun, those under way are yielded, and then it is raised.
        """
        waiting = deque(items)
        running: dict[Future[R], T] = {}
        stopped: DomainError | None = None
        while running or (waiting and stopped is None):
            while waiting and stopped is None and len(running) < IN_FLIGHT:
                try:
                    self.check_time()
                    before()
                except DomainError as error:
                    stopped = error
                else:
                    item = waiting.popleft()
                    running[self.pool.submit(work, item)] = item
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                answer: R | DomainError = _answer(future)
                yield running.pop(future), answer
        if stopped is not None:
            raise stopped

    def check_time(self) -> None:
        """Raises: DeadlineExceeded."""
        if time.monotonic() >= self.deadline:
            raise errors.DeadlineExceeded("the run was out of time; it goes on with the next one")

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the deadline."""
        time.sleep(max(0.0, min(seconds, self.deadline - time.monotonic())))


def _answer(future: Future[R]) -> R | DomainError:
    """The result of a work that ended; anything but a DomainError is a bug, and goes on up."""
    error = future.exception()
    return error if isinstance(error, DomainError) else future.result()


def _pause(error: Unavailable, attempt: int) -> float:
    asked = min(error.retry_after or 0.0, _LONGEST_PAUSE)
    spread = random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing
    return float(max(asked, _FIRST_PAUSE * 2**attempt * spread))
