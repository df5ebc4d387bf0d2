"""Which rows: by visibility, by need. The only place where tenants are kept apart on the read side.

The layer order puts querysets below models (architecture section 7), so users and rows come in as
arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from projects import roles

if TYPE_CHECKING:
    from projects.access import Actor


class ProjectQuerySet(QuerySet[Any]):
    def visible_to(self, actor: Actor) -> ProjectQuerySet:
        """Projects the actor may see; for others they do not exist."""
        if actor.is_platform:
            found = self
        else:
            found = self.filter(name__in=actor.projects_with(roles.Verb.VIEW))
        return found if actor.only_project is None else found.filter(pk=actor.only_project)


class ClusterQuerySet(QuerySet[Any]):
    def present(self) -> ClusterQuerySet:
        """Clusters that were not removed."""
        return self.filter(removed_at=None)

    def visible_to(self, actor: Actor) -> ClusterQuerySet:
        """All for platform staff; for others the clusters attached to a project they see."""
        if actor.is_platform and actor.only_project is None:
            return self.present()
        names = actor.projects_with(roles.Verb.VIEW)
        found = Q() if actor.is_platform else Q(attachments__project__name__in=names)
        if actor.only_project is not None:
            found &= Q(attachments__project=actor.only_project)
        return self.present().filter(found).distinct()


class InProjectQuerySet(QuerySet[Any]):
    """Rows that belong to a project by a column of that name."""

    def visible_to(self, actor: Actor) -> InProjectQuerySet:
        found = (
            self
            if actor.is_platform
            else self.filter(project__name__in=actor.projects_with(roles.Verb.VIEW))
        )
        return found if actor.only_project is None else found.filter(project=actor.only_project)


class SecretQuerySet(InProjectQuerySet):
    pass


class EventQuerySet(InProjectQuerySet):
    def about(self, *uids: Any) -> EventQuerySet:
        """Facts about the given objects, newest first."""
        return self.filter(uid__in=uids)


class LeasedQuerySet(QuerySet[Any]):
    """Rows with the lease columns of projects.models.base.Leased."""

    def due(self) -> LeasedQuerySet:
        """Rows whose time has come by the database's clock and that did not crash their workers too
        often.
        """
        return self.filter(next_attempt_at__lte=Now(), crash_count__lt=self.model.CRASH_LIMIT)

    def free(self, living: QuerySet[Any]) -> LeasedQuerySet:
        """Rows that no living worker holds; `living` is the queryset of WorkerLease rows within
        their time.
        """
        held = living.filter(name=OuterRef("lease_worker"))
        return self.filter(Q(lease_worker="") | ~Exists(held))

    def wake(self, **also: Any) -> int:
        """Make rows due at once and forget their failures: something new is wanted of them."""
        return self.update(
            wanted_generation=F("wanted_generation") + 1,
            dirty_at=Now(),
            next_attempt_at=Now(),
            failures=0,
            crash_count=0,
            **also,
        )


class AttachmentQuerySet(LeasedQuerySet):
    def in_force(self) -> AttachmentQuerySet:
        return self.filter(detach_requested_at=None, cluster__removed_at=None)
