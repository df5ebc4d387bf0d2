"""Keeps one django-q2 cluster alive, and sends it the tick: `manage.py worker`.

django-q2 stops for ever, silently, when the wrong idle worker is killed (security.md Q-01), so life
is judged by answers: a tick is sent to the cluster's own queue, and a worker that runs it writes
down when it was heard. Silence while a worker is idle means a restart: the process group is killed,
its leases are ended, a new one begins. Nothing is lost, because rows are the truth. One signal ends
everything cleanly.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Max
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.tasks import async_task

from federation import processes
from federation.broker import group_key
from gitops.git import process
from projects import worker
from projects.models import WorkerLease
from projects.operations import leases

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

# A new cluster may take this long until its first answer: interpreter, Django, fork.
_STARTUP_SECONDS = 6.0
_LONGEST_STARTUP_SECONDS = 60.0
_STOP_SECONDS = 30.0
# For so long after a process went, an answer is expected sooner.
_SUSPICIOUS_SECONDS = 10.0
_SHORT_SILENCE_SECONDS = 2.5
# The same for a cluster that lost one before its first answer.
_YOUNG_SILENCE_SECONDS = 5.0
_DATABASE_RETRY_SECONDS = 2.0
# Distributions backport: Debian's 2.39.5 has them.
OLDEST_GIT = (2, 39, 5)


class Supervisor:
    """One `manage.py worker`: at most one child cluster at a time."""

    def __init__(self, *, say: Callable[[str], None]) -> None:
        self._print = say
        self._child: subprocess.Popen[bytes] | None = None
        self._group = ""
        self._started = 0.0
        self._count = 0
        self._stopping = False
        self._processes: frozenset[int] = frozenset()
        self._lost = 0.0
        self._startup = _STARTUP_SECONDS

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._look_at_git()
        self._wait_for_database()
        while not self._stopping:
            try:
                self._look()
            except DatabaseError as error:
                self._say(f"the database does not answer ({type(error).__name__}); trying again")
                connection.close()
                time.sleep(_DATABASE_RETRY_SECONDS)
            time.sleep(settings.SLIPWAY["TICK_SECONDS"])
        self._stop()

    def _look(self) -> None:
        if self._child is None:
            self._start()
        elif self._child.poll() is not None:
            self._say(
                f"the worker cluster ended with code {self._child.returncode}; starting another"
            )
            self._kill()
        elif self._is_silent():
            self._say("no worker answers; restarting the worker cluster")
            self._kill()
        else:
            self._tick()

    def _start(self) -> None:
        self._count += 1
        self._group = f"{socket.gethostname()[:40]}-{os.getpid()}-{self._count}"
        environment = {
            **os.environ,
            "SLIPWAY_WORKER_GROUP": self._group,
            "SLIPWAY_SUPERVISOR_PID": str(os.getpid()),
        }
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
        self._child = subprocess.Popen(command, env=environment, start_new_session=True)
        self._started = time.monotonic()
        self._processes = frozenset()
        self._say(
            f"worker cluster {self._group} started with {settings.SLIPWAY['WORKERS']} workers"
        )

    def _tick(self) -> None:
        """Send a tick unless one waits already."""
        key = group_key(self._group)
        if not OrmQ.objects.filter(key=key).exists():
            async_task("federation.tasks.tick", q_options={"broker": get_broker(key)})

    def _is_silent(self) -> bool:
        self._count_processes()
        rows = WorkerLease.objects.filter(group=self._group)
        heard = rows.aggregate(at=Max("heard_at"))["at"]
        if heard is None:
            return self._is_overdue()
        self._startup = _STARTUP_SECONDS
        now = worker.database_now()
        if now - heard <= timedelta(seconds=self._patience()):
            return False
        busy = rows.filter(until__gt=now).exclude(busy_since=None).count()
        return bool(busy < settings.SLIPWAY["WORKERS"])

    def _is_overdue(self) -> bool:
        """Tell whether a cluster that never answered yet should have."""
        now = time.monotonic()
        if self._lost > self._started:
            return now - self._lost > _YOUNG_SILENCE_SECONDS
        if now - self._started <= self._startup:
            return False
        # A slow machine gets longer each time, so that it is not restarted for ever.
        self._startup = min(self._startup * 2, _LONGEST_STARTUP_SECONDS)
        return True

    def _patience(self) -> float:
        """How long an answer may take, in seconds."""
        patience = float(settings.SLIPWAY["SILENCE_SECONDS"])
        if time.monotonic() - self._lost < _SUSPICIOUS_SECONDS:
            return min(patience, _SHORT_SILENCE_SECONDS)
        return patience

    def _count_processes(self) -> None:
        """Notice that a process of the cluster went: it may have held what all others wait for."""
        found = frozenset(processes.of_session(self._child.pid)) if self._child else frozenset()
        if self._processes - found:
            self._lost = time.monotonic()
        self._processes = found

    def _say(self, text: str) -> None:
        self._print(f"{time.strftime('%H:%M:%S')} {text}")

    def _kill(self) -> None:
        """End the process group the hard way and give its rows back."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._child = None
        self._forget_group()

    def _stop(self) -> None:
        """End cleanly: the main process is told, lets its workers finish, and is killed if it takes
        too long.
        """
        if self._child is None:
            return
        self._say("stopping")
        # The main process only: SIGTERM to the whole group makes django-q2 hang (security.md Q-10).
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=_STOP_SECONDS)
        self._kill()

    def _forget_group(self) -> None:
        leases.retire(group=self._group)
        OrmQ.objects.filter(key=group_key(self._group)).delete()

    def _look_at_git(self) -> None:
        """Say when git lacks fixes for code run at checkout (S-03)."""
        found = process.version()
        if found < OLDEST_GIT:
            wanted, have = (".".join(map(str, each)) for each in (OLDEST_GIT, found))
            self._say(
                f"note: git {have} is older than {wanted}; use one with the fixes of July 2025"
            )

    def _wait_for_database(self) -> None:
        while not self._stopping:
            try:
                connection.ensure_connection()
            except DatabaseError as error:
                self._say(f"waiting for the database: {type(error).__name__}")
                time.sleep(_DATABASE_RETRY_SECONDS)
            else:
                return

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
