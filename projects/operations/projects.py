"""Making, changing and removing projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group
from django.db.models import ProtectedError

from projects import access, ledger, manifests, roles
from projects.errors import AlreadyExists, Conflict
from projects.models import Change, Project
from projects.operations import naming, rows
from projects.roles import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from projects.access import Actor


@ledger.operation()
def create(
    *,
    name: str,
    actor: Actor,
    now: datetime,
    namespace: str = "",
    display_name: str = "",
    cluster_kinds: Sequence[str] = (),
) -> Project:
    """Make a project and the groups behind its roles; the namespace defaults to the name.

    Raises: Denied, Invalid, AlreadyExists.
    """
    access.require_platform(actor)
    naming.label(name, field="name")
    namespace = naming.namespace(namespace or name, field="namespace")
    for column, value in (("name", name), ("namespace", namespace)):
        if Project.objects.filter(**{column: value}).exists():
            raise AlreadyExists(f"a project with {column} {value!r} exists")
    project = Project(
        name=name,
        namespace=namespace,
        display_name=display_name,
        cluster_kinds=sorted(cluster_kinds),
    )
    rows.insert(project, taken=f"a project with name {name!r} or namespace {namespace!r} exists")
    for role in roles.Role:
        Group.objects.get_or_create(name=roles.group_name(name, role))
    _record(project, Change.Type.ADDED, verb="create", actor=actor, now=now)
    return project


@ledger.operation()
def update(
    *,
    project: Project,
    actor: Actor,
    now: datetime,
    display_name: str | None = None,
    description: str | None = None,
    cluster_kinds: Sequence[str] | None = None,
) -> Project:
    """Change what may change; cluster-scoped kinds are the platform's to grant.

    Raises: NotFound, Denied.
    """
    access.require(actor, Verb.ADMIN, project)
    before = manifests.project(project)
    if display_name is not None:
        project.display_name = display_name
    if description is not None:
        project.description = description
    if cluster_kinds is not None and sorted(cluster_kinds) != project.cluster_kinds:
        access.require_platform(actor)
        project.cluster_kinds = sorted(cluster_kinds)
    if manifests.project(project) == before:
        return project
    project.generation += 1
    project.save()
    _record(project, Change.Type.MODIFIED, verb="update", actor=actor, now=now, before=before)
    return project


@ledger.operation()
def delete(*, project: Project, actor: Actor, now: datetime) -> None:
    """Remove a project that has no sources, secrets or clusters left.

    Raises: Denied, Conflict naming what is still there.
    """
    access.require_platform(actor)
    _record(project, Change.Type.DELETED, verb="delete", actor=actor, now=now)
    names = [roles.group_name(project.name, role) for role in roles.Role]
    try:
        project.delete()
    except ProtectedError as error:
        kinds = sorted({type(row).__name__ for row in error.protected_objects})
        raise Conflict(
            f"project {project.name!r} still has: {', '.join(kinds)}; remove them first"
        ) from error
    # A later project of this name must not start with this one's members.
    Group.objects.filter(name__in=names).delete()


def _record(
    project: Project,
    type: Change.Type,
    *,
    verb: str,
    actor: Actor,
    now: datetime,
    before: object = None,
) -> None:
    after = manifests.project(project)
    ledger.changed(
        project, type=type, kind="Project", namespace="", name=project.name, manifest=after, now=now
    )
    ledger.acted(
        actor=actor,
        verb=verb,
        kind="Project",
        name=project.name,
        uid=project.uid,
        project=project.name,
        now=now,
        details={"before": before, "after": None if type == Change.Type.DELETED else after},
    )
