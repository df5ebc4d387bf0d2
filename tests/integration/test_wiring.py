"""What no import checker sees: task names as dotted strings."""

from __future__ import annotations

from pydoc import locate

from federation import receivers, tasks
from gitops import tasks as gitops_tasks


def test_every_task_a_wake_up_names_exists() -> None:
    for name in (
        *receivers.TASKS.values(),
        "federation.tasks.tick",
        "federation.tasks.propagate_due",
    ):
        assert callable(locate(name)), name


def test_every_task_takes_what_later_versions_may_send() -> None:
    """Q-18: a task queued by a newer release must not crash an older worker."""
    for module in (tasks, gitops_tasks):
        functions = [
            each
            for name, each in vars(module).items()
            if getattr(each, "__module__", "") == module.__name__ and not name.startswith("_")
        ]
        for function in functions:
            assert function.__code__.co_flags & 0x08, function.__qualname__
