"""Which GitRepositories and Kustomizations: due, suspended, being deleted, read by whom."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from projects.querysets import InProjectQuerySet, LeasedQuerySet


# The stubs give every queryset a manager type of its own, so two bases never agree.
class GitRepositoryQuerySet(InProjectQuerySet, LeasedQuerySet):  # type: ignore[override]
    pass


class KustomizationQuerySet(InProjectQuerySet, LeasedQuerySet):  # type: ignore[override]
    def reading(self, repository: Any) -> KustomizationQuerySet:
        """Kustomizations that name a GitRepository, in its project."""
        return self.filter(project=repository.project_id, source_name=repository.name)

    def placement_due(self) -> KustomizationQuerySet:
        """Kustomizations whose Propagation rows may be out of step with what is wanted."""
        return self.filter(placement_wanted__gt=F("placement_done"))

    def wake_placement(self) -> int:
        return self.update(placement_wanted=F("placement_wanted") + 1)


class SuspensionQuerySet(QuerySet[Any]):
    def active(self) -> SuspensionQuerySet:
        """Suspensions in force now, by the database's clock."""
        return self.filter(ended_at=None).filter(Q(until=None) | Q(until__gt=Now()))

    def run_out(self) -> SuspensionQuerySet:
        """Suspensions whose time is over but whose end nobody wrote down yet."""
        return self.filter(ended_at=None, until__lte=Now())
