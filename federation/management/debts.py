"""The two actions of `manage.py cluster` about debts: what unreachable clusters still have to
delete.

Writing off is for a cluster that will never answer again. What was applied there stays there and is
no longer known to the hub, so the number is printed and the operator's name goes into the audit
trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from federation import queries
from federation.management import cli, printing
from federation.operations import propagations

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from federation.models import Propagation


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What one cluster owes to one source."""

    cluster: str
    project: str
    source: str
    since: datetime | None
    objects: int
    next_attempt_at: datetime
    reason: str
    message: str


_COLUMNS: printing.Columns = {
    "CLUSTER": lambda row: row.cluster,
    "PROJECT": lambda row: row.project,
    "SOURCE": lambda row: row.source,
    "SINCE": lambda row: row.since,
    "OBJECTS": lambda row: row.objects,
    "NEXT ATTEMPT": lambda row: row.next_attempt_at,
    "REASON": lambda row: row.reason,
    "MESSAGE": lambda row: row.message,
}


def add_actions(actions: cli.Actions, *, say: Callable[[str], None]) -> None:
    """Declare `debts` and `write-off`."""
    listing = actions.add(
        "debts",
        partial(_list, say=say),
        help="List what unreachable clusters still have to delete.",
        example="manage.py cluster debts",
    )
    printing.add_output(listing)
    write_off = actions.add(
        "write-off",
        partial(_write_off, say=say),
        help="Give up what a cluster owes to a source: the objects stay, the hub forgets them.",
        example="manage.py cluster write-off east shop web",
    )
    for name in ("cluster", "project", "source"):
        write_off.add_argument(name, metavar=name.upper())


def _list(options: cli.Options, *, say: Callable[[str], None]) -> None:
    say(printing.rows([_debt(row) for row in queries.debts()], _COLUMNS, output=options.output))


def _write_off(options: cli.Options, *, say: Callable[[str], None]) -> None:
    row = queries.debt(
        cluster_name=options.cluster, project_name=options.project, source_name=options.source
    )
    count = propagations.write_off(row=row, actor=cli.actor(), now=cli.now())
    say(
        f"written off: {count} objects of {options.project}/{options.source} are left behind on "
        f"{options.cluster}"
    )


def _debt(row: Propagation) -> Debt:
    return Debt(
        cluster=row.cluster.name,
        project=row.project_name,
        source=row.owner_name,
        since=row.debt_since,
        objects=row.object_count,
        next_attempt_at=row.next_attempt_at,
        reason=row.reason,
        message=row.message,
    )
