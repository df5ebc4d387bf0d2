"""`manage.py audit`: who did what, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from federation.management import arguments, cli, printing
from projects import queries
from projects.models import AuditEntry

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.management.base import CommandParser


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One audit entry; id is what verify_audit names. details hold no secret values."""

    id: int
    at: datetime
    actor: str
    via: str
    verb: str
    kind: str
    name: str
    project: str
    allowed: bool
    source_ip: str | None
    request_id: str
    details: dict[str, Any]


_COLUMNS: printing.Columns = {
    "ID": lambda row: row.id,
    "AT": lambda row: row.at,
    "ACTOR": lambda row: row.actor,
    "VIA": lambda row: row.via,
    "VERB": lambda row: row.verb,
    "KIND": lambda row: row.kind,
    "PROJECT": lambda row: row.project,
    "ALLOWED": lambda row: row.allowed,
    "NAME": lambda row: row.name,
}


class Command(cli.Command):
    help = "Show the audit trail, newest first: of the whole installation, or of one project."
    example = """
        manage.py audit --limit 20
        manage.py audit --project shop -o json
    """

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", default="", help="only entries of this project")
        arguments.add_limit(parser, default=100)
        printing.add_output(parser)

    def run(self, options: cli.Options) -> None:
        entries = AuditEntry.objects.order_by("-id")
        if options.project:
            # The trail outlives its project; a name that never was is told by `project`.
            if not entries.filter(project=options.project).exists():
                queries.project(actor=cli.actor(), name=options.project)
            entries = entries.filter(project=options.project)
        found = [_entry(row) for row in entries[: options.limit]]
        self.say(printing.rows(found, _COLUMNS, output=options.output))


def _entry(row: AuditEntry) -> Entry:
    return Entry(
        id=row.pk,
        at=row.at,
        actor=row.actor,
        via=row.via,
        verb=row.verb,
        kind=row.kind,
        name=row.name,
        project=row.project,
        allowed=row.allowed,
        source_ip=row.source_ip,
        request_id=row.request_id,
        details=row.details,
    )
