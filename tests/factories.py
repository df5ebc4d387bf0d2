"""Rows for tests, made as people make them: by operations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitops.operations import sources
from gitops.operations.sources import SourceSpec
from projects import access
from projects.operations import attachments, clusters, projects, secrets
from projects.operations.clusters import ClusterSpec

if TYPE_CHECKING:
    from gitops.models import Kustomization
    from projects.models import Attachment, Cluster, Project, Secret

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
