"""A Journal in memory, for tests that run federation.apply without rows.

One `Register` stands for the database of one hub and cluster: it knows which owner has which
object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from federation.apply import OwnershipConflict, Superseded
from federation.engine.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from federation.engine.inventory import Entry
    from projects.kube.refs import ObjectKey, ObjectRef


@dataclass
class Register:
    """Which owner (by uid) has which object."""

    owners: dict[ObjectKey, str] = field(default_factory=dict)


@dataclass
class MemoryJournal:
    """What one owner has on one cluster; `stop_when` tells when the run is superseded."""

    owner_uid: str
    register: Register = field(default_factory=Register)
    inventory: Inventory = field(default_factory=Inventory)
    calls: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    stop_when: Callable[[MemoryJournal], bool] = lambda _journal: False

    def claim(self, refs: Sequence[ObjectRef]) -> None:
        self.calls.append("claim")
        for ref in refs:
            other = self.register.owners.get(ref.key)
            if other not in (None, self.owner_uid):
                raise OwnershipConflict(f"{ref} belongs to {other}", ref=ref)
        self.register.owners |= {ref.key: self.owner_uid for ref in refs}
        self.inventory = self.inventory.claim(refs)

    def applied(self, entries: Sequence[Entry]) -> None:
        self.calls.append("applied")
        self.batches.append(len(entries))
        self.inventory = self.inventory.merge(entries)

    def forget(self, refs: Sequence[ObjectRef]) -> None:
        self.calls.append("forget")
        for ref in refs:
            self.register.owners.pop(ref.key, None)
        self.inventory = self.inventory.without(refs)

    def check(self) -> None:
        self.calls.append("check")
        if self.stop_when(self):
            raise Superseded("a newer spec was written")
