"""The read side of federation: how a source is, cluster by cluster, as frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from federation.models import Deployment, InventoryEntry, Propagation
from gitops import queries as gitops
from projects.errors import NotFound
from projects.kube.conditions import Condition, ConditionType, find

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gitops.models import GitRepository, Kustomization
    from gitops.queries import SuspensionView
    from projects.models import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStatus:
    """A source on one cluster: what was applied last, and how the last run ended."""

    cluster: str
    state: str
    revision: str
    applied_at: datetime | None
    objects: int
    counts: dict[str, int]
    reason: str
    message: str
    failures: int
    next_attempt_at: datetime
    suspended: bool
    owes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """A source as people look at it; ready is None while nothing is known."""

    project: str
    name: str
    url: str
    ref: str
    path: str
    ready: bool | None
    stalled: bool
    reason: str
    message: str
    revision: str
    attempted: str
    applied: str
    deleting: bool
    suspended: bool
    suspensions: tuple[SuspensionView, ...]
    clusters: tuple[ClusterStatus, ...]
    repository_ready: bool | None
    repository_message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentView:
    """When a commit reached a cluster."""

    cluster: str
    source: str
    revision: str
    commit: str
    started_at: datetime
    finished_at: datetime
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectView:
    """One object in the inventory of a source on a cluster; confirmed once the cluster answered for
    it.
    """

    cluster: str
    api_version: str
    kind: str
    namespace: str
    name: str
    confirmed: bool


def status(*, source: Kustomization) -> SourceStatus:
    """How one source is."""
    rows = list(
        Propagation.objects.of(source.uid).select_related("cluster").order_by("cluster__name")
    )
    resting = gitops.resting([source]).get(source.pk, ())
    return _status(source, gitops.repository(source=source), rows, resting)


def statuses(*, project: Project) -> tuple[SourceStatus, ...]:
    """How all sources of a project are, in a fixed number of queries."""
    sources = gitops.sources(project=project)
    repositories = gitops.repositories(project=project)
    resting = gitops.resting(sources)
    by_owner: dict[object, list[Propagation]] = {}
    for row in Propagation.objects.filter(
        owner_uid__in=[each.uid for each in sources]
    ).select_related("cluster"):
        by_owner.setdefault(row.owner_uid, []).append(row)
    return tuple(
        _status(
            each,
            repositories.get(each.source_name),
            sorted(by_owner.get(each.uid, []), key=_cluster_name),
            resting.get(each.pk, ()),
        )
        for each in sources
    )


def deployments(
    *, source: Kustomization, limit: int = 100, offset: int = 0
) -> tuple[DeploymentView, ...]:
    """The newest deployments of a source, on every cluster."""
    return tuple(
        DeploymentView(
            cluster=row.cluster_name,
            source=row.owner_name,
            revision=row.revision,
            commit=row.commit,
            started_at=row.started_at,
            finished_at=row.finished_at,
            counts=dict(row.counts),
        )
        for row in Deployment.objects.filter(owner_uid=source.uid)[offset : offset + limit]
    )


def inventory(
    *,
    source: Kustomization,
    cluster_name: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[ObjectView, ...]:
    """The objects of a source, on every cluster or on one."""
    rows = InventoryEntry.objects.filter(owner_uid=source.uid).select_related("cluster")
    rows = rows.filter(cluster__name=cluster_name) if cluster_name else rows
    end = None if limit is None else offset + limit
    return tuple(
        ObjectView(
            cluster=row.cluster.name,
            kind=row.kind,
            namespace=row.namespace,
            name=row.name,
            confirmed=bool(row.uid),
            api_version=f"{row.group}/{row.version}" if row.group else row.version,
        )
        for row in rows.order_by("cluster__name", "kind", "namespace", "name", "id")[offset:end]
    )


def debts() -> Sequence[Propagation]:
    """What clusters still owe: platform staff only."""
    return list(
        Propagation.objects.debts().select_related("cluster").order_by("cluster__name", "id")
    )


def debt(*, cluster_name: str, project_name: str, source_name: str) -> Propagation:
    """Find one debt.

    Raises: NotFound.
    """
    rows = Propagation.objects.debts().select_related("cluster")
    found = rows.filter(
        cluster__name=cluster_name, project_name=project_name, owner_name=source_name
    ).first()
    if found is None:
        raise NotFound(
            f"cluster {cluster_name!r} owes nothing to source {project_name}/{source_name}"
        )
    return found


def _status(
    source: Kustomization,
    repository: GitRepository | None,
    rows: Sequence[Propagation],
    resting: tuple[SuspensionView, ...],
) -> SourceStatus:
    conditions = _conditions(source)
    ready = find(conditions, ConditionType.READY)
    fetched = find(_conditions(repository), ConditionType.READY) if repository else None
    everywhere = source.suspend or any(not each.cluster for each in resting)
    named = {each.cluster for each in resting}
    return SourceStatus(
        project=source.project.name,
        name=source.name,
        url=repository.url if repository else "",
        ref=(repository.commit or repository.tag or repository.branch or "main")
        if repository
        else "",
        path=source.path,
        ready=_truth(ready),
        stalled=find(conditions, ConditionType.STALLED) is not None,
        reason=ready.reason if ready else "",
        message=ready.message if ready else "",
        revision=repository.revision.name if repository and repository.revision else "",
        attempted=source.last_attempted_revision,
        applied=source.last_applied_revision,
        deleting=source.deletion_requested_at is not None,
        suspended=everywhere,
        suspensions=resting,
        clusters=tuple(
            _cluster_status(row, everywhere or row.cluster.name in named) for row in rows
        ),
        repository_ready=_truth(fetched),
        repository_message=fetched.message if fetched else "",
    )


def _cluster_status(row: Propagation, suspended: bool) -> ClusterStatus:
    return ClusterStatus(
        cluster=row.cluster.name,
        state=row.state,
        revision=row.applied_revision,
        applied_at=row.applied_at,
        objects=row.object_count,
        counts=dict(row.counts),
        reason=row.reason,
        message=row.message,
        failures=row.failures,
        next_attempt_at=row.next_attempt_at,
        suspended=suspended,
        owes=row.debt_since is not None,
    )


def _conditions(row: GitRepository | Kustomization) -> tuple[Condition, ...]:
    return tuple(Condition.from_json(each) for each in row.conditions)


def _truth(condition: Condition | None) -> bool | None:
    return (
        None if condition is None or condition.status == "Unknown" else condition.status == "True"
    )


def _cluster_name(row: Propagation) -> str:
    return str(row.cluster.name)
