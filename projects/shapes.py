"""What the read side of projects gives out: rows as lists and pages show them.

Frozen values without secrets, made by projects.queries and handed to every door; a template or
serializer that holds one can run no query. Nothing here reads or decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectView:
    """A project as lists show it."""

    name: str
    display_name: str
    description: str
    namespace: str
    cluster_kinds: tuple[str, ...]
    clusters: tuple[str, ...]
    sources: int
    created_at: datetime


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
class AttachmentView:
    """A cluster in a project; prepared once its namespace is there, ready as the probe found it."""

    cluster: str
    ready: bool | None
    prepared: bool
    adopt_namespace: bool
    detaching: bool
    reason: str
    message: str
    created_at: datetime


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MyProject:
    """What the one who asks may do in a project."""

    name: str
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeView:
    """Who asks, by which rights; scope is that of the token, "write" for a session."""

    name: str
    scope: str
    platform_admin: bool
    projects: tuple[MyProject, ...]
