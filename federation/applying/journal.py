"""What a run needs written down while it goes, and whether it may go on.

Two things implement the Journal: the rows (federation.operations) and the memory of the tests. Only
the thread that called federation.apply.run calls it, so rows need no second database connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from projects.errors import Conflict
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.engine.inventory import Entry
    from projects.kube.refs import ObjectRef

# At least this often what was applied is written down, so that a killed run loses little.
BATCH = 50


class Superseded(Conflict):
    """The run was overtaken: newer spec, lost lease, suspension. It stops where it is."""

    default_reason: ClassVar[str] = Reason.SUPERSEDED


class Journal(Protocol):
    """Keeps the inventory true while a run changes a cluster."""

    def claim(self, refs: Sequence[ObjectRef]) -> None:
        """Write refs into the inventory, before the first of them is applied.

        Raises: OwnershipConflict when another owner of this hub has one of them.
        """

    def applied(self, entries: Sequence[Entry]) -> None:
        """Write down what the cluster answered for these objects."""

    def forget(self, refs: Sequence[ObjectRef]) -> None:
        """Drop refs from the inventory: their deletion is confirmed, or they are not ours."""

    def check(self) -> None:
        """Do nothing while the run may go on.

        Raises: Superseded.
        """
