"""This process as a worker: its name, its lease while it works, the database's clock.

A thread renews the lease while work goes on. When renewal fails, because the lease ran out while
the process was stopped, nothing is done about it here: every write of a run is fenced, and so moves
nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import socket
import threading
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models.functions import Now

from projects import ledger
from projects.models import Hub
from projects.operations import leases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _token(pid: int) -> str:
    return f"{pid}-{uuid.uuid4().hex[:8]}"


def name() -> str:
    """The name of this process: host, pid and a random part; a forked child has its own."""
    return f"{socket.gethostname()[:60]}-{_token(os.getpid())}"


def jitter() -> float:
    """A number in [0, 1) that spreads work over time; nobody gains by guessing it."""
    return random.random()  # noqa: S311


@contextlib.contextmanager
def working() -> Iterator[str]:
    """Hold the worker lease while the body runs; gives the worker's name.

    A body that was cut off may have left rows behind under this name, and could not say so where
    the database was gone. The process then goes on under another name, and they are found when this
    lease ends.
    """
    me, seconds = name(), settings.SLIPWAY["LEASE_SECONDS"]
    group = settings.SLIPWAY["WORKER_GROUP"]
    leases.beat(worker=me, group=group, seconds=seconds, busy=True)
    done = threading.Event()
    thread = threading.Thread(target=_renew, args=(me, seconds, done), name="lease", daemon=True)
    thread.start()
    try:
        yield me
    except BaseException:
        _token.cache_clear()
        raise
    finally:
        done.set()
        thread.join()
        leases.beat(worker=me, group=group, seconds=seconds, busy=False)


def database_now() -> datetime:
    """The time by the database's clock, which is the clock of leases and attempts."""
    ledger.hub_row()
    found: datetime = Hub.objects.annotate(clock=Now()).values_list("clock", flat=True).get(pk=1)
    return found


def _renew(me: str, seconds: float, done: threading.Event) -> None:
    try:
        while not done.wait(seconds / 4):
            try:
                if not leases.renew(worker=me, seconds=seconds):
                    logger.warning(
                        "the lease of %s ran out; its rows may be worked on by others", me
                    )
            except DatabaseError:
                logger.exception("the lease of %s could not be renewed", me)
    finally:
        connections.close_all()
