"""Rows for tests, made as people make them: by operations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from federation.models import Propagation
from federation.operations import propagations
from gitops import sealing
from gitops.models import GitRepository, Kustomization
from gitops.operations import desired_states, sources
from gitops.operations.desired_states import Seen
from gitops.operations.sources import SourceSpec
from projects import access, ledger, worker
from projects.operations import attachments, clusters, leases, projects, secrets
from projects.operations.clusters import ClusterSpec

if TYPE_CHECKING:
    from projects.models import Attachment, Cluster, Project, Secret
    from projects.operations.leases import Lease

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROOT = access.system(via="test")


def project(name: str = "shop", **more: Any) -> Project:
    return projects.create(name=name, actor=ROOT, now=NOW, **more)


def cluster(name: str = "east", *, server: str = "https://127.0.0.1:6443", **more: Any) -> Cluster:
    spec = ClusterSpec(server=server, ca_pem="", credential={"token": "a token of the tests"})
    return clusters.register(name=name, spec=spec, actor=ROOT, now=NOW, **more)


def attachment(project: Project, cluster: Cluster) -> Attachment:
    return attachments.attach(project=project, cluster=cluster, actor=ROOT, now=NOW)


def secret(project: Project, name: str = "git", **payload: str) -> Secret:
    return secrets.create(project=project, name=name, payload=payload, actor=ROOT, now=NOW)


def source(
    project: Project, name: str = "web", url: str = "https://git.example.com/shop.git", **more: Any
) -> Kustomization:
    return sources.create(
        project=project, name=name, spec=SourceSpec(url=url, **more), actor=ROOT, now=NOW
    )


def config_map(name: str, namespace: str = "shop", **data: str) -> dict[str, Any]:
    """A manifest."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def lease(rows: Any, *, who: str = "worker") -> Lease:
    """Claim the one row that is due, for a worker that lives."""
    leases.beat(worker=who, group="", seconds=60, busy=True)
    (found,) = leases.claim(rows, worker=who)
    return found


def published(source: Kustomization, *manifests: dict[str, Any], commit: str = "a1" * 20) -> None:
    """Have a source rendered: to the given objects, at a commit."""
    repositories = GitRepository.objects.filter(name=source.source_name, project=source.project)
    due(repositories)
    seen = Seen(name=f"main@sha1:{commit}", commit=commit, author="", subject="", committed_at=None)
    later = worker.database_now() + timedelta(days=1)
    desired_states.record_revision(
        lease=lease(repositories), seen=seen, next_attempt_at=later, now=NOW
    )
    repository = repositories.get()
    assert repository.revision is not None
    desired_states.publish(
        lease=lease(Kustomization.objects.filter(pk=source.pk)),
        revision=repository.revision,
        inputs_digest="inputs",
        objects=[sealing.make(each, file="web.yaml", line=1) for each in manifests],
        renderer="plain",
        now=NOW,
    )
    source.refresh_from_db()


def due(repositories: Any) -> None:
    with ledger.operation():
        repositories.wake()


def placed(source: Kustomization) -> list[Propagation]:
    """Have a source placed; its rows by cluster."""
    propagations.place(source_id=source.pk)
    source.refresh_from_db()
    rows = Propagation.objects.of(source.uid).select_related("cluster", "desired_state__revision")
    return list(rows.order_by("cluster__name"))


def claimed(row: Propagation, *, who: str = "worker") -> Lease:
    """Have a run on a cluster begin."""
    found = lease(Propagation.objects.filter(pk=row.pk), who=who)
    assert propagations.started(lease=found, now=NOW)
    row.refresh_from_db()
    return found


def named(*names: str) -> dict[str, Any]:
    """A placement by name."""
    return {"clusters": [{"name": name} for name in names]}


def place_at(source: Kustomization, placement: dict[str, Any], **more: Any) -> list[Propagation]:
    """Give a source another placement, and have it placed."""
    source.refresh_from_db()
    url = GitRepository.objects.get(name=source.source_name, project=source.project).url
    spec = SourceSpec(url=url, placement=placement, **more)
    sources.update(source=source, spec=spec, actor=ROOT, now=NOW)
    return placed(source)
