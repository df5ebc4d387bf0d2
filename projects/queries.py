"""The read side of projects: finding rows an actor may see, and views of them as frozen
dataclasses.

What an actor may not see is NotFound, in the same words as what is not there (S-48).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from projects.errors import NotFound
from projects.kube.conditions import Condition, ConditionType, find
from projects.models import ApiToken, Attachment, AuditEntry, Cluster, ClusterEvent, Project, Secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from projects.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectView:
    """A project as lists show it."""

    name: str
    display_name: str
    namespace: str
    clusters: tuple[str, ...]
    sources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """A cluster as lists show it; ready is None before the first probe."""

    name: str
    server: str
    labels: dict[str, str]
    ready: bool | None
    reason: str
    message: str
    kubernetes_version: str
    probed_at: datetime | None
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretView:
    """A secret without its values."""

    name: str
    type: str
    keys: tuple[str, ...]
    digest: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """A dated fact about an object."""

    at: datetime
    first_at: datetime
    type: str
    reason: str
    kind: str
    name: str
    cluster: str
    message: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """An act of a person or machine."""

    at: datetime
    actor: str
    via: str
    verb: str
    kind: str
    name: str
    project: str
    allowed: bool


def project(*, actor: Actor, name: str) -> Project:
    """Find a project.

    Raises: NotFound.
    """
    found = Project.objects.visible_to(actor).filter(name=name).first()
    if found is None:
        raise NotFound(f"project {name!r} not found")
    return found


def cluster(*, actor: Actor, name: str) -> Cluster:
    """Find a cluster.

    Raises: NotFound.
    """
    found = Cluster.objects.visible_to(actor).filter(name=name).first()
    if found is None:
        raise NotFound(f"cluster {name!r} not found")
    return found


def attachment(*, actor: Actor, project_name: str, cluster_name: str) -> Attachment:
    """Find the attachment of a cluster to a project.

    Raises: NotFound.
    """
    row = project(actor=actor, name=project_name)
    found = (
        row.attachments.select_related("project", "cluster")
        .filter(cluster__name=cluster_name)
        .first()
    )
    if found is None:
        raise NotFound(f"cluster {cluster_name!r} is not attached to project {project_name!r}")
    return found


def secret(*, actor: Actor, project_name: str, name: str) -> Secret:
    """Find a secret.

    Raises: NotFound.
    """
    found = (
        Secret.objects.visible_to(actor)
        .select_related("project")
        .filter(project__name=project_name, name=name)
        .first()
    )
    if found is None:
        raise NotFound(f"secret {name!r} not found in project {project_name!r}")
    return found


def projects(*, actor: Actor) -> tuple[ProjectView, ...]:
    """All projects the actor sees, by name."""
    rows = Project.objects.visible_to(actor).prefetch_related(
        "attachments__cluster", "kustomizations"
    )
    return tuple(
        ProjectView(
            name=row.name,
            display_name=row.display_name,
            namespace=row.namespace,
            clusters=tuple(sorted(each.cluster.name for each in row.attachments.all())),
            sources=len(row.kustomizations.all()),
        )
        for row in rows
    )


def clusters(*, actor: Actor) -> tuple[ClusterView, ...]:
    """All clusters the actor sees, by name; of their projects only those the actor sees."""
    rows = (
        Cluster.objects.visible_to(actor).prefetch_related("attachments__project").order_by("name")
    )
    seen = set(Project.objects.visible_to(actor).values_list("name", flat=True))
    return tuple(_cluster_view(row, seen) for row in rows)


def secrets(*, project: Project) -> tuple[SecretView, ...]:
    """The secrets of a project the caller found by `project`."""
    return tuple(
        SecretView(
            name=row.name,
            type=row.type,
            keys=tuple(row.key_names),
            digest=row.digest,
            created_at=row.created_at,
        )
        for row in project.secrets.order_by("name")
    )


def events(
    *, project: Project, uids: Sequence[Any] = (), limit: int = 100
) -> tuple[EventView, ...]:
    """The newest events of a project, or of some of its objects."""
    rows = ClusterEvent.objects.filter(project=project)
    rows = rows.about(*uids) if uids else rows
    return tuple(
        EventView(
            at=row.last_at,
            first_at=row.first_at,
            type=row.type,
            reason=row.reason,
            kind=row.kind,
            name=row.name,
            cluster=row.cluster_name,
            message=row.message,
            count=row.count,
        )
        for row in rows[:limit]
    )


def audit(*, project: Project, limit: int = 100) -> tuple[AuditView, ...]:
    """The newest audit entries of a project."""
    rows = AuditEntry.objects.filter(project=project.name).order_by("-id")[:limit]
    return tuple(
        AuditView(
            at=row.at,
            actor=row.actor,
            via=row.via,
            verb=row.verb,
            kind=row.kind,
            name=row.name,
            project=row.project,
            allowed=row.allowed,
        )
        for row in rows
    )


def tokens(*, user: Any) -> tuple[ApiToken, ...]:
    """A user's own tokens, newest first; their texts are nowhere."""
    return tuple(ApiToken.objects.filter(user=user).select_related("project"))


def _cluster_view(row: Cluster, seen: set[str]) -> ClusterView:
    ready = find(tuple(Condition.from_json(each) for each in row.conditions), ConditionType.READY)
    names = {each.project.name for each in row.attachments.all()}
    return ClusterView(
        name=row.name,
        server=row.server,
        labels=dict(row.labels),
        ready=None if ready is None else ready.status == "True",
        reason=ready.reason if ready else "",
        message=ready.message if ready else "",
        kubernetes_version=row.kubernetes_version,
        probed_at=row.probed_at,
        projects=tuple(sorted(names & seen)),
    )
