"""The read side of projects: finding rows an actor may see, and views of them as frozen
dataclasses.

What an actor may not see is NotFound, in the same words as what is not there (S-48).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Subquery

from projects.errors import NotFound
from projects.kube.conditions import Condition, ConditionType, find
from projects.models import ApiToken, Attachment, AuditEntry, Cluster, ClusterEvent, Project, Secret
from projects.roles import Verb
from projects.shapes import AttachmentView as AttachmentView
from projects.shapes import AuditView as AuditView
from projects.shapes import ClusterView as ClusterView
from projects.shapes import EventView as EventView
from projects.shapes import MeView as MeView
from projects.shapes import MyProject as MyProject
from projects.shapes import ProjectView as ProjectView
from projects.shapes import SecretView as SecretView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from projects.access import Actor


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


def token(*, user: Any, pk: int, only_project: int | None = None) -> ApiToken:
    """Find one of a user's own tokens.

    Raises: NotFound.
    """
    found = _tokens(user, only_project).filter(pk=pk).first()
    if found is None:
        raise NotFound(f"token {pk} not found")
    return found


def me(*, actor: Actor) -> MeView:
    """Who asks, and what they may do where."""
    names = Project.objects.visible_to(actor).values_list("name", flat=True)
    verbs = [verb for verb in Verb if verb is not Verb.PLATFORM]
    return MeView(
        name=actor.name,
        scope=actor.scope,
        platform_admin=actor.is_platform_admin,
        projects=tuple(
            MyProject(name=name, verbs=tuple(verb for verb in verbs if actor.may(verb, name)))
            for name in names
        ),
    )


def project_view(*, actor: Actor, name: str) -> ProjectView:
    """One project as lists show it.

    Raises: NotFound.
    """
    for found in projects(actor=actor, name=name):
        return found
    raise NotFound(f"project {name!r} not found")


def cluster_view(*, actor: Actor, name: str) -> ClusterView:
    """One cluster as lists show it.

    Raises: NotFound.
    """
    for found in clusters(actor=actor, name=name):
        return found
    raise NotFound(f"cluster {name!r} not found")


def secret_view(*, actor: Actor, project_name: str, name: str) -> SecretView:
    """One secret as lists show it.

    Raises: NotFound.
    """
    for found in secrets(project=project(actor=actor, name=project_name), name=name):
        return found
    raise NotFound(f"secret {name!r} not found in project {project_name!r}")


def projects(
    *, actor: Actor, name: str = "", limit: int | None = None, offset: int = 0
) -> tuple[ProjectView, ...]:
    """The projects the actor sees, by name; or the one of that name."""
    rows = Project.objects.visible_to(actor).annotate(source_count=Count("kustomizations"))
    # An aggregate drops the ordering of the model.
    rows = rows.order_by("name")
    rows = rows.filter(name=name) if name else rows
    return tuple(
        ProjectView(
            name=row.name,
            display_name=row.display_name,
            description=row.description,
            namespace=row.namespace,
            cluster_kinds=tuple(row.cluster_kinds),
            clusters=tuple(sorted(each.cluster.name for each in row.attachments.all())),
            sources=row.source_count,
            created_at=row.created_at,
        )
        for row in _part(rows.prefetch_related("attachments__cluster"), limit, offset)
    )


def clusters(
    *, actor: Actor, name: str = "", limit: int | None = None, offset: int = 0
) -> tuple[ClusterView, ...]:
    """The clusters the actor sees, by name, or the one of that name; of their projects only those
    the actor sees.
    """
    rows = Cluster.objects.visible_to(actor).prefetch_related("attachments__project")
    rows = rows.filter(name=name) if name else rows
    seen = set(Project.objects.visible_to(actor).values_list("name", flat=True))
    return tuple(_cluster_view(row, seen) for row in _part(rows.order_by("name"), limit, offset))


def attachments(
    *, project: Project, limit: int | None = None, offset: int = 0
) -> tuple[AttachmentView, ...]:
    """The clusters of a project the caller found, by name."""
    rows = project.attachments.select_related("cluster").order_by("cluster__name")
    return tuple(
        AttachmentView(
            cluster=row.cluster.name,
            ready=_truth(_ready(row.cluster)),
            prepared=bool(row.namespace_uid),
            adopt_namespace=row.adopt_namespace,
            detaching=row.detach_requested_at is not None,
            reason=row.reason,
            message=row.message,
            created_at=row.created_at,
        )
        for row in _part(rows, limit, offset)
    )


def secrets(
    *, project: Project, name: str = "", limit: int | None = None, offset: int = 0
) -> tuple[SecretView, ...]:
    """The secrets of a project the caller found, or the one of that name."""
    rows = project.secrets.defer("sealed_payload").order_by("name")
    return tuple(
        SecretView(
            name=row.name,
            type=row.type,
            keys=tuple(row.key_names),
            digest=row.digest,
            created_at=row.created_at,
        )
        for row in _part(rows.filter(name=name) if name else rows, limit, offset)
    )


def events(
    *, project: Project, uids: Sequence[Any] = (), limit: int = 100, offset: int = 0
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
        for row in _part(rows, limit, offset)
    )


def audit(*, project: Project, limit: int = 100, offset: int = 0) -> tuple[AuditView, ...]:
    """The newest audit entries of a project; an earlier project of its name is another project."""
    begin = AuditEntry.objects.filter(kind="Project", uid=project.uid).order_by("pk").values("pk")
    rows = AuditEntry.objects.filter(project=project.name, pk__gte=Subquery(begin[:1]))
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
        for row in _part(rows.order_by("-id"), limit, offset)
    )


def tokens(
    *, user: Any, only_project: int | None = None, limit: int | None = None, offset: int = 0
) -> tuple[ApiToken, ...]:
    """A user's own tokens, newest first; their texts are nowhere.

    Whoever comes with a token of one project sees the tokens of that project only.
    """
    return tuple(_part(_tokens(user, only_project).order_by("-id"), limit, offset))


def _tokens(user: Any, only_project: int | None) -> QuerySet[ApiToken]:
    rows = ApiToken.objects.filter(user=user).select_related("project", "user")
    return rows if only_project is None else rows.filter(project=only_project)


def _part(rows: Any, limit: int | None, offset: int) -> Any:
    return rows[offset:] if limit is None else rows[offset : offset + limit]


def _ready(row: Cluster) -> Condition | None:
    return find(tuple(Condition.from_json(each) for each in row.conditions), ConditionType.READY)


def _truth(condition: Condition | None) -> bool | None:
    return None if condition is None else condition.status == "True"


def _cluster_view(row: Cluster, seen: set[str]) -> ClusterView:
    ready = _ready(row)
    names = {each.project.name for each in row.attachments.all()}
    return ClusterView(
        name=row.name,
        server=row.server,
        labels=dict(row.labels),
        ready=_truth(ready),
        reason=ready.reason if ready else "",
        message=ready.message if ready else "",
        kubernetes_version=row.kubernetes_version,
        probed_at=row.probed_at,
        projects=tuple(sorted(names & seen)),
    )
