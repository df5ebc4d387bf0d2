"""What we own on one cluster: the objects of one owner, as last applied.

In: entries. Out: an Inventory, a value that is replaced and never edited. An entry with an empty
uid was written down before its first apply and may or may not exist. What has left the desired
state is a difference of two sets; what such an object deserves is decided in plan. The idea is
Flux's ResourceInventory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from projects.kube.refs import ObjectKey, ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object: what was applied (digest) and how it looked after it (uid, fingerprint)."""

    ref: ObjectRef
    uid: str = ""
    digest: str = ""
    fingerprint: str = ""
    resource_version: str = ""

    @property
    def confirmed(self) -> bool:
        """Tell whether the cluster has ever answered for this object."""
        return bool(self.uid)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All entries of one owner on one cluster, by object key."""

    by_key: Mapping[ObjectKey, Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Inventory:
        return cls({entry.ref.key: entry for entry in entries})

    def __len__(self) -> int:
        return len(self.by_key)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.by_key.values())

    def get(self, ref: ObjectRef) -> Entry | None:
        return self.by_key.get(ref.key)

    def merge(self, entries: Iterable[Entry]) -> Inventory:
        """Add entries, the new ones winning."""
        return Inventory({**self.by_key, **{entry.ref.key: entry for entry in entries}})

    def claim(self, refs: Iterable[ObjectRef]) -> Inventory:
        """Add refs that are not in it yet, as unconfirmed."""
        new = {ref.key: Entry(ref=ref) for ref in refs if ref.key not in self.by_key}
        return Inventory({**self.by_key, **new})

    def without(self, refs: Iterable[ObjectRef]) -> Inventory:
        gone = {ref.key for ref in refs}
        return Inventory({key: entry for key, entry in self.by_key.items() if key not in gone})

    def difference(self, refs: Iterable[ObjectRef]) -> tuple[Entry, ...]:
        """List the entries that are not among refs: what has left the desired state."""
        wanted = {ref.key for ref in refs}
        return tuple(entry for key, entry in self.by_key.items() if key not in wanted)
