"""`manage.py verify_audit`: does the audit trail still say what was written into it?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from federation.management.cli import Command as Base
from federation.management.cli import Options
from projects import ledger
from projects.errors import Conflict
from projects.kube.conditions import timestamp
from projects.models import AuditEntry

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class AuditBroken(Conflict):
    """The chain of the audit trail does not hold."""

    default_reason = "AuditBroken"


def _checkpoint(text: str) -> tuple[int, str]:
    count, colon, head = text.partition(":")
    if not colon or not count.isdecimal() or not head:
        raise argparse.ArgumentTypeError(f"{text!r} is not COUNT:HEAD, as the log has it")
    return int(count), head


class Command(Base):
    help = (
        "Walk the whole audit trail and check every link (an HMAC with a key outside the "
        "database). Exit code 1 names the first entry that does not hold: it was changed, put in, "
        "or the one before it was taken out."
    )
    example = "manage.py verify_audit"

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoint",
            type=_checkpoint,
            metavar="COUNT:HEAD",
            help="check this line of the log, too: `audit checkpoint COUNT:HEAD`",
        )

    def run(self, options: Options) -> None:
        count, broken = ledger.verify(checkpoint=options.checkpoint)
        if broken is None:
            head = ledger.hub_row().audit_head or "none yet"
            self.say(f"{count} entries hold; checkpoint {count}:{head}")
            return
        raise AuditBroken(f"{count} entries hold, then {_describe(broken)}")


def _describe(pk: int) -> str:
    entry = AuditEntry.objects.filter(pk=pk).first()
    if entry is None:
        return "entries are missing at the end of the trail"
    said = f"{timestamp(entry.at)} {entry.actor} {entry.verb} {entry.kind} {entry.name}"
    return f"entry {entry.pk} does not ({said})"
