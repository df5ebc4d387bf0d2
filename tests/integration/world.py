"""A hub with two projects, their people and their things, for the tests of the doors.

Everything is made by operations, as the doors make it; only what a worker would have found out
(revisions, propagations, inventories) is written directly, inside one ledger operation.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils import timezone
from rest_framework.test import APIClient

from federation.models import Deployment, InventoryEntry, Propagation
from gitops.models import DesiredState, Kustomization, Revision
from gitops.operations import sources, suspensions
from gitops.operations.sources import SourceSpec
from projects import access, ledger, roles
from projects.models import ApiToken, Cluster, Project, WorkerLease
from projects.operations import (
    attachments,
    clusters,
    events,
    leases,
    projects,
    secrets,
    tokens,
)
from projects.operations.clusters import ClusterSpec
from tests.fakes import kubeconfigs

# WhiteNoise warns of a folder that `collectstatic` has not made, and warnings are errors here.
Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)

COMMIT = "a1" * 20
PASSWORD = "correct horse battery staple"
# Written into every secret place; found nowhere else afterwards.
CANARY = "canary-9f86d081884c7d65"

ANONYMOUS = "anonymous"
ROLES = ("viewer", "deployer", "editor", "admin")
PEOPLE = (
    "stranger",
    *ROLES,
    "auditor",
    "platform",
    "read-token",
    "sync-token",
    "token-for-here",
    "token-for-elsewhere",
)


@dataclass(kw_only=True)
class World:
    """Rows by what they are for; tokens hold the texts people show."""

    team: Project
    other: Project
    source: Kustomization
    spare_token: ApiToken
    tokens: dict[str, str] = field(default_factory=dict)

    def client(self, person: str) -> APIClient:
        """A client that shows a person's token."""
        client = APIClient()
        if person != ANONYMOUS:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.tokens[person]}")
        return client


def build() -> World:
    """Make the world."""
    now = timezone.now()
    root = access.system()
    team = projects.create(name="team", actor=root, now=now, display_name="The team")
    other = projects.create(name="other", actor=root, now=now)
    for name, project in (("c1", team), ("c2", other), ("spare", None)):
        row = clusters.register(
            name=name, spec=cluster_spec(), actor=root, now=now, labels={"tier": "prod"}
        )
        if project is not None:
            attachments.attach(project=project, cluster=row, actor=root, now=now)
    secrets.create(project=team, name="git", payload=payload(), actor=root, now=now)
    source = make_source(team, "web")
    world = World(
        team=team, other=other, source=source, spare_token=_people_and_tokens(team, other)
    )
    for person in PEOPLE:
        world.tokens[person] = _token_of(person, team, other)
    return world


def payload() -> dict[str, str]:
    return {"username": "robot", "password": CANARY}


def cluster_spec(token: str = CANARY) -> ClusterSpec:
    return ClusterSpec(
        server="https://cluster.example:6443",
        ca_pem=kubeconfigs.authority().pem,
        credential={"token": token},
    )


def make_project(name: str) -> Project:
    """A project with a cluster of its own and a secret."""
    now, root = timezone.now(), access.system()
    project = projects.create(name=name, actor=root, now=now)
    row = clusters.register(name=f"{name}-c", spec=cluster_spec(), actor=root, now=now)
    attachments.attach(project=project, cluster=row, actor=root, now=now)
    secrets.create(project=project, name="git", payload=payload(), actor=root, now=now)
    return project


def attach(project: Project, cluster_name: str) -> None:
    """Attach a cluster that is there."""
    row = Cluster.objects.get(name=cluster_name)
    attachments.attach(project=project, cluster=row, actor=access.system(), now=timezone.now())


def make_source(project: Project, name: str) -> Kustomization:
    """A source that was fetched, rendered, applied, suspended once and talked about."""
    now, root = timezone.now(), access.system()
    spec = SourceSpec(url="https://git.example/team/web", secret_name="git", path="deploy")
    source = sources.create(project=project, name=name, spec=spec, actor=root, now=now)
    repository = sources.repository_of(source)
    suspensions.suspend(source=source, reason="looking", actor=root, now=now)
    events.record(
        project=project,
        kind="FederatedKustomization",
        uid=source.uid,
        name=name,
        reason="Progressing",
        message="applying",
        cluster_name="c1",
        now=now,
    )
    with ledger.operation():
        revision = Revision.objects.create(
            git_repository=repository,
            name=f"main@sha1:{COMMIT}",
            commit=COMMIT,
            subject="Say hello",
        )
        state = DesiredState.objects.create(
            kustomization=source,
            revision=revision,
            inputs_digest="sha256:0",
            digest="sha256:1",
            object_count=1,
            renderer="plain",
            objects_gz=zlib.compress(CANARY.encode()),
        )
        type(repository).objects.filter(pk=repository.pk).update(revision=revision)
        Kustomization.objects.filter(pk=source.pk).update(desired_state=state)
        _on_cluster(source, state)
    source.refresh_from_db()
    return source


def _on_cluster(source: Kustomization, state: DesiredState) -> None:
    now, cluster = timezone.now(), Cluster.objects.get(name="c1")
    Propagation.objects.create(
        owner_kind="Kustomization",
        owner_uid=source.uid,
        owner_name=source.name,
        cluster=cluster,
        project_uid=source.project.uid,
        project_name=source.project.name,
        namespace=source.project.namespace,
        desired_state=state,
    )
    InventoryEntry.objects.create(
        cluster=cluster,
        owner_uid=source.uid,
        version="v1",
        kind="ConfigMap",
        namespace="team",
        name=f"{source.name}-settings",
        uid="u1",
    )
    Deployment.objects.create(
        owner_uid=source.uid,
        owner_name=source.name,
        project_name=source.project.name,
        cluster_name="c1",
        revision=f"main@sha1:{COMMIT}",
        commit=COMMIT,
        digest="sha256:1",
        started_at=now,
        finished_at=now,
        counts={"created": 1},
    )
    leases.beat(worker="worker-1", group="group-1", seconds=60, busy=False)
    assert WorkerLease.objects.exists()


def person(name: str, *groups: str, **more: Any) -> User:
    """A user in groups."""
    user = User.objects.create_user(name, password=PASSWORD, **more)
    user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    return user


def token_for(user: User, *, scope: str = "write", project: Project | None = None) -> str:
    """The text of a fresh token."""
    actor = access.of_user(user, via="test")
    later = timezone.now() + timedelta(days=1)
    _, text = tokens.create(
        user=user,
        name="test",
        scope=scope,
        project=project,
        expires_at=later,
        actor=actor,
        now=timezone.now(),
    )
    return text


def _people_and_tokens(team: Project, other: Project) -> ApiToken:
    for role in roles.Role:
        person(role, roles.group_name(team.name, role))
    person("stranger", roles.group_name(other.name, roles.Role.VIEWER))
    person("auditor", roles.PLATFORM_AUDITOR)
    person("platform", roles.PLATFORM_ADMIN)
    both = (roles.group_name(each.name, roles.Role.ADMIN) for each in (team, other))
    person("both", *both)
    editor = User.objects.get(username="editor")
    spare, _ = tokens.create(
        user=editor, name="spare", actor=access.of_user(editor, via="test"), now=timezone.now()
    )
    return spare


def _token_of(name: str, team: Project, other: Project) -> str:
    limits: dict[str, tuple[str, dict[str, Any]]] = {
        "read-token": ("admin", {"scope": "read"}),
        "sync-token": ("admin", {"scope": "sync"}),
        "token-for-here": ("both", {"project": team}),
        "token-for-elsewhere": ("both", {"project": other}),
    }
    username, more = limits.get(name, (name, {}))
    return token_for(User.objects.get(username=username), **more)
