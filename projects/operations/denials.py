"""Writing down what somebody tried and may not do (security.md S-60).

The operation that refused has rolled back, its entries with it; so the door that answers the
refusal has it written down here, in a transaction of its own. Reads are not written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from projects import ledger

if TYPE_CHECKING:
    from datetime import datetime

    from projects.access import Actor
    from projects.errors import Denied


@ledger.operation()
def record(
    *, error: Denied, actor: Actor, verb: str, kind: str, name: str, project: str, now: datetime
) -> None:
    """Note a refusal; what the columns do not hold is cut off."""
    ledger.acted(
        actor=actor,
        verb=verb[:50],
        kind=kind[:50],
        name=name[:300],
        project=project[:63],
        now=now,
        details={"reason": error.reason, "message": error.message},
        allowed=False,
    )
