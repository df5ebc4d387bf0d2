"""The read side of gitops: finding sources an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.models import GitRepository, Kustomization, Revision
from projects.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from projects.access import Actor
    from projects.models import Project


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


def sources(*, project: Project) -> Sequence[Kustomization]:
    """The sources of a project the caller found, by name."""
    return list(
        project.kustomizations.select_related("project", "desired_state__revision").order_by("name")
    )


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


def revisions(*, repository: GitRepository, limit: int = 50) -> Sequence[Revision]:
    """The newest commits seen on a GitRepository."""
    return list(repository.revisions.order_by("-id")[:limit])
