"""The queue's ORM broker, delivering at most once.

django-q2's own broker locks a row, runs it, and deletes it afterwards; a task that kills its worker
is then redelivered for ever, and one that waits long is run twice (django-q2#327, security.md Q-02
to Q-04). Our rows are the truth and the tick finds what was lost, so a task is taken off the table
before it runs.

Besides the common key a cluster reads the key of its own group: `manage.py worker` sends its
heartbeat there, so that the answer can only come from its own processes.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

if TYPE_CHECKING:
    from datetime import timedelta


def group_key(group: str) -> str:
    """The queue key of one worker group; django_q's column holds 100 characters."""
    return f"{Conf.CLUSTER_NAME}:{group}"[:100]


def forget_groups(*, older_than: timedelta) -> int:
    """Drop ticks that were sent to groups which died before they read them; returns how many."""
    left = OrmQ.objects.filter(key__startswith=f"{Conf.CLUSTER_NAME}:")
    return int(left.filter(lock__lt=timezone.now() - older_than).delete()[0])


class AtMostOnceOrmBroker(ORM):
    """Deletes what it hands out."""

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Return [(id, payload)] of tasks that nobody else will get, or None after a pause when
        there are none.
        """
        _end_with_supervisor()
        group = settings.SLIPWAY["WORKER_GROUP"]
        own = [group_key(group)] if group else []
        rows = (
            self.get_connection().filter(key__in=[*own, self.list_key]).order_by("id")[: Conf.BULK]
        )
        taken = [(row.pk, row.payload) for row in rows if self._take(row.pk)]
        if taken:
            return taken
        time.sleep(Conf.POLL)
        return None

    def acknowledge(self, task_id: int) -> None:
        """Nothing to do: the row went when it was handed out."""

    def _take(self, pk: int) -> bool:
        deleted, _ = self.get_connection().filter(pk=pk).delete()
        return bool(deleted)


def _end_with_supervisor() -> None:
    """End the whole process group when `manage.py worker` was killed: nobody would heal it any
    more.

    django-q2's own processes would go on without a guard beside the next start's (security.md
    Q-09). What they were doing is found again when their leases run out.
    """
    pid = settings.SLIPWAY["SUPERVISOR_PID"]
    if not pid:
        return
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        os.killpg(os.getpgrp(), signal.SIGKILL)
