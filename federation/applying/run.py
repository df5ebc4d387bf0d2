"""One run as it goes: what it was given, and what has come of it so far.

Only the calling thread touches it: worker threads get values and return values. What was applied is
handed to the journal in batches; the inventory here is kept as the journal's should be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from federation.applying import failures
from federation.applying.failures import Failure
from federation.applying.journal import BATCH
from federation.applying.wire import FATAL
from federation.engine.changeset import Action, ChangeSet, ChangeSetEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from federation.applying.journal import Journal
    from federation.applying.wire import Wire
    from federation.engine.inventory import Entry, Inventory
    from federation.engine.ownership import Owner
    from federation.engine.plan import Desired, Options
    from projects.errors import DomainError
    from projects.kube.refs import ObjectKey, ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did, and what it left.

    survivors are objects that left the desired state and are still there, with the reason.
    drifted are objects whose live change was taken back. error is None when the cluster holds the
    desired state, survivors notwithstanding.
    """

    changeset: ChangeSet
    inventory: Inventory
    survivors: Mapping[ObjectKey, str] = field(default_factory=dict)
    error: DomainError | None = None
    drifted: tuple[ObjectRef, ...] = ()


@dataclass(slots=True, kw_only=True)
class Run:
    """The values of one run, and its tallies."""

    wire: Wire
    owner: Owner
    options: Options
    journal: Journal
    inventory: Inventory
    desired: dict[ObjectKey, Desired] = field(default_factory=dict)
    unseen: dict[ObjectKey, DomainError] = field(default_factory=dict)
    notes: list[ChangeSetEntry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    survivors: dict[ObjectKey, str] = field(default_factory=dict)
    drifted: list[ObjectRef] = field(default_factory=list)
    fatal: DomainError | None = None
    applied_count: int = 0
    deleted_count: int = 0
    _unwritten: list[Entry] = field(default_factory=list)

    def note(self, ref: ObjectRef, action: Action, message: str = "") -> None:
        self.notes.append(ChangeSetEntry(ref=ref, action=action, message=message))

    def fail(self, ref: ObjectRef, error: DomainError) -> None:
        """Remember that an object failed, and stop the run if the next one would fail too."""
        desired = self.desired.get(ref.key)
        self.failures.append(Failure(ref=ref, error=error, place=desired.place if desired else ""))
        if isinstance(error, FATAL):
            self.fatal = error

    def go_on(self) -> None:
        """Raises: the error that makes going on useless."""
        if self.fatal is not None:
            raise self.fatal

    def raise_failures(self) -> None:
        """Raises: one error for all objects that failed so far."""
        if self.failures:
            raise failures.gather(
                self.failures,
                attempted=len(self.desired),
                secrets=failures.secret_values(self.desired.values()),
            )

    def claim(self, refs: Sequence[ObjectRef]) -> None:
        """Write refs into the inventory before they are applied."""
        if refs:
            self.journal.claim(refs)
            self.inventory = self.inventory.claim(refs)

    def record(self, entry: Entry) -> None:
        """Put what was applied into the inventory; the journal gets it with its batch."""
        self.inventory = self.inventory.merge([entry])
        self._unwritten.append(entry)
        if len(self._unwritten) >= BATCH:
            self.write()

    def write(self) -> None:
        """Hand the journal what it has not seen."""
        entries, self._unwritten = self._unwritten, []
        if entries:
            self.journal.applied(entries)

    def forget(self, refs: Sequence[ObjectRef]) -> None:
        """Drop refs whose deletion is confirmed, or that are not ours."""
        if refs:
            self.journal.forget(refs)
            self.inventory = self.inventory.without(refs)

    def outcome(self, error: DomainError | None) -> Outcome:
        return Outcome(
            changeset=ChangeSet(entries=tuple(self.notes)),
            inventory=self.inventory,
            survivors=dict(self.survivors),
            error=error,
            drifted=tuple(self.drifted),
        )
