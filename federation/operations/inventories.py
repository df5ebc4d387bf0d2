"""The journal of a run over rows: the inventory before the first write, confirmed objects,
forgotten ones.

This is the rows' side of federation.apply's Journal. It is called from the run's own thread only,
and every write is fenced: a run that lost its lease moves nothing and is told so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from federation.apply import Superseded
from federation.engine.inventory import Entry, Inventory
from federation.engine.ownership import OwnershipConflict
from federation.models import InventoryEntry, Propagation
from gitops.models import Kustomization, Suspension
from projects import faults, ledger
from projects.kube.refs import ObjectKey, ObjectRef
from projects.operations import leases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from projects.operations.leases import Lease


def load(*, owner_uid: UUID, cluster_id: int) -> Inventory:
    """The inventory of one owner on one cluster."""
    rows = InventoryEntry.objects.of(owner_uid, cluster_id)
    return Inventory.of(
        Entry(
            ref=_ref(row),
            uid=row.uid,
            digest=row.digest,
            fingerprint=row.fingerprint,
            resource_version=row.resource_version,
        )
        for row in rows
    )


class RowJournal:
    """One run's hold on the inventory of its owner on its cluster."""

    def __init__(self, *, lease: Lease, propagation: Propagation) -> None:
        self._lease = lease
        self._owner_uid = propagation.owner_uid
        self._cluster_id = propagation.cluster_id
        self._cluster_name = propagation.cluster.name
        self._removing = propagation.state == Propagation.State.REMOVING

    def claim(self, refs: Sequence[ObjectRef]) -> None:
        """Write refs down as ours before the first apply.

        Raises: OwnershipConflict naming the source that has an object already; Superseded.
        """
        with ledger.operation():
            self._fence()
            self._refuse_taken(refs)
            # A race with another owner meets the unique constraint, and is found by looking again.
            InventoryEntry.objects.bulk_create(
                [
                    InventoryEntry(
                        cluster_id=self._cluster_id,
                        owner_uid=self._owner_uid,
                        group=ref.group,
                        version=ref.version,
                        kind=ref.kind,
                        namespace=ref.namespace,
                        name=ref.name,
                    )
                    for ref in refs
                ],
                ignore_conflicts=True,
            )
            self._refuse_taken(refs)
        faults.reach("inventory-claimed")

    def applied(self, entries: Sequence[Entry]) -> None:
        """Write down what the cluster answered for objects.

        Raises: Superseded.
        """
        with ledger.operation():
            self._fence()
            rows = self._rows(entry.ref for entry in entries)
            changed = []
            for entry in entries:
                row = rows.get(entry.ref.key)
                if row is None:
                    continue
                row.version, row.uid, row.digest = entry.ref.version, entry.uid, entry.digest
                row.fingerprint, row.resource_version = entry.fingerprint, entry.resource_version
                changed.append(row)
            InventoryEntry.objects.bulk_update(
                changed,
                ["version", "uid", "digest", "fingerprint", "resource_version"],
                batch_size=200,
            )

    def forget(self, refs: Sequence[ObjectRef]) -> None:
        """Drop objects whose deletion is confirmed, or that are not ours any more.

        Raises: Superseded.
        """
        with ledger.operation():
            self._fence()
            for part in _parts(refs):
                self._mine().filter(part).delete()

    def check(self) -> None:
        """Stop the run where it has been overtaken: lease lost, suspended, or something newer
        wanted.

        Raises: Superseded.
        """
        row = self._lease.held().first()
        if row is None or not leases.living().filter(name=self._lease.worker).exists():
            raise Superseded("the lease was lost; another worker goes on")
        if row.wanted_generation != self._lease.generation:
            raise Superseded("something newer is wanted; the run starts over")
        if not self._removing and is_suspended(self._owner_uid, self._cluster_name):
            raise Superseded("the source was suspended meanwhile")

    def _fence(self) -> None:
        # Locks the row where the database can, so that a claim by another worker waits for this
        # write.
        if not self._lease.held().select_for_update().exists():
            raise Superseded("the lease was lost; another worker goes on")

    def _refuse_taken(self, refs: Sequence[ObjectRef]) -> None:
        taken = InventoryEntry.objects.filter(cluster=self._cluster_id).exclude(
            owner_uid=self._owner_uid
        )
        for part in _parts(refs):
            for row in taken.filter(part):
                ref = _ref(row)
                raise OwnershipConflict(f"{ref} belongs to {_owner_name(row.owner_uid)}", ref=ref)

    def _rows(self, refs: Iterable[ObjectRef]) -> dict[ObjectKey, InventoryEntry]:
        wanted = {ref.key for ref in refs}
        return {_ref(row).key: row for row in self._mine() if _ref(row).key in wanted}

    def _mine(self) -> Any:
        return InventoryEntry.objects.of(self._owner_uid, self._cluster_id)


def is_suspended(owner_uid: UUID, cluster_name: str) -> bool:
    """Tell whether a source rests on a cluster: by spec.suspend or an active suspension."""
    if Kustomization.objects.filter(uid=owner_uid, suspend=True).exists():
        return True
    active = Suspension.objects.active().filter(kustomization__uid=owner_uid)
    return bool(active.filter(cluster_name__in=["", cluster_name]).exists())


def _owner_name(owner_uid: UUID) -> str:
    row = Propagation.objects.filter(owner_uid=owner_uid).first()
    return f"source {row.project_name}/{row.owner_name}" if row else "another source of this hub"


def _parts(refs: Sequence[ObjectRef]) -> Iterable[Q]:
    """Conditions of at most 100 refs each: SQLite bounds the depth of an expression."""
    for start in range(0, len(refs), 100):
        found = Q()
        for ref in refs[start : start + 100]:
            found |= _is(ref)
        yield found


def _is(ref: ObjectRef) -> Q:
    return Q(group=ref.group, kind=ref.kind, namespace=ref.namespace, name=ref.name)


def _ref(row: InventoryEntry) -> ObjectRef:
    return ObjectRef(
        group=row.group, version=row.version, kind=row.kind, namespace=row.namespace, name=row.name
    )
