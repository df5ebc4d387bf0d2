"""Which Propagations, inventory entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from projects.querysets import LeasedQuerySet

if TYPE_CHECKING:
    from uuid import UUID


class PropagationQuerySet(LeasedQuerySet):
    def of(self, owner_uid: UUID) -> PropagationQuerySet:
        return self.filter(owner_uid=owner_uid)

    def debts(self) -> PropagationQuerySet:
        """What clusters still owe to sources that may be gone already."""
        return self.exclude(debt_since=None)


class InventoryQuerySet(QuerySet[Any]):
    def of(self, owner_uid: UUID, cluster_id: int) -> InventoryQuerySet:
        return self.filter(owner_uid=owner_uid, cluster=cluster_id)
