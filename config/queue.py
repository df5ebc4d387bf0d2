"""How django-q2 is used: as the thing that wakes workers, and nothing else.

Payloads carry ids only. Delivery is at most once (federation.broker takes a row off the table
before it is run): a lost task is found again by the tick, and a task that kills its worker is never
redelivered. The scheduler of django-q2 is off, because it looks every 30 s; `manage.py worker`
sends the tick (docs/decisions/0002).
"""

from __future__ import annotations

from typing import Any

from config import env

# The longest a task may run: one apply deadline plus its wrap-up; below `retry`, as django-q2
# demands.
TASK_SECONDS = int(env.APPLY_SECONDS * 2 + 60)

Q_CLUSTER: dict[str, Any] = {
    "name": "slipway",
    "orm": "default",
    "broker_class": "federation.broker.AtMostOnceOrmBroker",
    "workers": env.WORKERS,
    # A prefetched task waits where nobody else can take it; so one each (security.md Q-02).
    "queue_limit": env.WORKERS,
    "bulk": 1,
    "timeout": TASK_SECONDS,
    "retry": TASK_SECONDS * 3,
    "max_attempts": 1,
    "ack_failures": True,
    # Results are rows of ours; above 0 django-q2 loads every kept row after each task.
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "recycle": 200,
    "max_rss": 400_000,
    "poll": 0.2,
    "guard_cycle": 0.5,
    "log_level": "WARNING",
}
