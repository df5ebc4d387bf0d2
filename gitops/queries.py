"""The read side of gitops: finding sources an actor may see, and views of them as frozen
dataclasses.

What a source wants and what Git says is told here; how each cluster is, in federation.queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitops.models import GitRepository, Kustomization, Revision, Suspension
from projects.errors import NotFound
from projects.kube.conditions import Condition, ConditionType, find

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from projects.access import Actor
    from projects.models import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionView:
    """One suspension in force; cluster "" is all, until None is for good."""

    cluster: str
    by: str
    reason: str
    started_at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source as its REST clients write and read it; ready is None while nothing is known.

    url, branch, tag, commit and secret_name are empty when the GitRepository is not there. clusters
    is KubeFed's status.clusters.
    """

    project: str
    name: str
    url: str
    branch: str
    tag: str
    commit: str
    secret_name: str
    path: str
    interval_seconds: int
    prune: bool
    adopt: bool
    placement: dict[str, Any]
    suspended: bool
    suspensions: tuple[SuspensionView, ...]
    deleting: bool
    ready: bool | None
    stalled: bool
    reason: str
    message: str
    revision: str
    attempted: str
    applied: str
    clusters: tuple[dict[str, Any], ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionView:
    """A commit seen on a GitRepository; current while its ref points at it."""

    name: str
    commit: str
    author: str
    subject: str
    committed_at: datetime | None
    seen_at: datetime
    current: bool


def source(*, actor: Actor, project_name: str, name: str) -> Kustomization:
    """Find a source by its Kustomization.

    Raises: NotFound.
    """
    rows = Kustomization.objects.visible_to(actor).select_related(
        "project", "desired_state__revision"
    )
    found = rows.filter(project__name=project_name, name=name).first()
    if found is None:
        raise NotFound(f"source {name!r} not found in project {project_name!r}")
    return found


def sources(
    *, project: Project, limit: int | None = None, offset: int = 0
) -> Sequence[Kustomization]:
    """The sources of a project the caller found, by name."""
    rows = project.kustomizations.select_related("project", "desired_state__revision").defer(
        "desired_state__objects_gz"
    )
    end = None if limit is None else offset + limit
    return list(rows.order_by("name")[offset:end])


def source_view(*, source: Kustomization) -> SourceView:
    """One source the caller found by `source`."""
    return _view(source, repository(source=source), resting([source]).get(source.pk, ()))


def source_views(
    *, project: Project, limit: int | None = None, offset: int = 0
) -> tuple[SourceView, ...]:
    """The sources of a project the caller found, by name."""
    rows = sources(project=project, limit=limit, offset=offset)
    found, suspended = repositories(project=project), resting(rows)
    return tuple(_view(row, found.get(row.source_name), suspended.get(row.pk, ())) for row in rows)


def resting(sources: Sequence[Kustomization]) -> dict[int, tuple[SuspensionView, ...]]:
    """The suspensions in force of some sources, by the source's key, newest first."""
    rows = Suspension.objects.active().filter(kustomization__in=[each.pk for each in sources])
    found: dict[int, tuple[SuspensionView, ...]] = {}
    for row in rows:
        view = SuspensionView(
            cluster=row.cluster_name,
            by=row.by,
            reason=row.reason,
            started_at=row.started_at,
            until=row.until,
        )
        found[row.kustomization_id] = (*found.get(row.kustomization_id, ()), view)
    return found


def repository(*, source: Kustomization) -> GitRepository | None:
    """The GitRepository a source reads, if it is there."""
    rows = GitRepository.objects.select_related("project", "revision")
    found: GitRepository | None = rows.filter(
        project=source.project_id, name=source.source_name
    ).first()
    return found


def repositories(*, project: Project) -> dict[str, GitRepository]:
    """The GitRepositories of a project by name."""
    return {row.name: row for row in project.git_repositories.select_related("project", "revision")}


def revisions(*, repository: GitRepository, limit: int = 50, offset: int = 0) -> Sequence[Revision]:
    """The newest commits seen on a GitRepository."""
    return list(repository.revisions.order_by("-id")[offset : offset + limit])


def revision_views(
    *, source: Kustomization, limit: int = 50, offset: int = 0
) -> tuple[RevisionView, ...]:
    """The newest commits seen on the GitRepository of a source; none when it is not there."""
    found = repository(source=source)
    if found is None:
        return ()
    return tuple(
        RevisionView(
            name=row.name,
            commit=row.commit,
            author=row.author,
            subject=row.subject,
            committed_at=row.committed_at,
            seen_at=row.seen_at,
            current=row.pk == found.revision_id,
        )
        for row in revisions(repository=found, limit=limit, offset=offset)
    )


def _view(
    row: Kustomization, repository: GitRepository | None, suspensions: tuple[SuspensionView, ...]
) -> SourceView:
    conditions = tuple(Condition.from_json(each) for each in row.conditions)
    ready = find(conditions, ConditionType.READY)
    return SourceView(
        project=row.project.name,
        name=row.name,
        url=repository.url if repository else "",
        branch=repository.branch if repository else "",
        tag=repository.tag if repository else "",
        commit=repository.commit if repository else "",
        secret_name=repository.secret_name if repository else "",
        path=row.path,
        interval_seconds=row.interval_seconds,
        prune=row.prune,
        adopt=row.adopt,
        placement=dict(row.placement),
        suspended=row.suspend or any(not each.cluster for each in suspensions),
        suspensions=suspensions,
        deleting=row.deletion_requested_at is not None,
        ready=None if ready is None or ready.status == "Unknown" else ready.status == "True",
        stalled=find(conditions, ConditionType.STALLED) is not None,
        reason=ready.reason if ready else "",
        message=ready.message if ready else "",
        revision=repository.revision.name if repository and repository.revision else "",
        attempted=row.last_attempted_revision,
        applied=row.last_applied_revision,
        clusters=tuple(row.federated.get("clusters", ())),
        created_at=row.created_at,
    )
