"""Lists of the REST API: their pages, and that many rows cost as many queries as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from federation.models import Deployment, InventoryEntry, Propagation
from gitops.models import Revision
from gitops.operations import sources
from projects import access, ledger
from projects.operations import events, projects, secrets
from tests.integration import world as worlds

if TYPE_CHECKING:
    from projects.models import Cluster
    from tests.integration.world import World

pytestmark = pytest.mark.django_db

MANY = 20
WEB = "projects/team/sources/web"
LISTS = (
    "projects",
    "clusters",
    "tokens",
    "projects/team/secrets",
    "projects/team/clusters",
    "projects/team/sources",
    "projects/team/events",
    "projects/team/audit",
    f"{WEB}/revisions",
    f"{WEB}/events",
    f"{WEB}/deployments",
    f"{WEB}/objects",
)
# Not a list, but with one entry for each cluster, suspension or project.
WHOLES = (WEB, f"{WEB}/status", "me", "projects/team", "clusters/c1")


@pytest.fixture
def world() -> World:
    return worlds.build()


def _count(world: World, path: str) -> int:
    client = world.client("platform")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/api/v1/{path}").status_code == 200
    return len(queries)


def _make_many(world: World) -> None:
    """Twenty more of everything a list shows."""
    now, root = timezone.now(), access.system()
    platform = worlds.User.objects.get(username="platform")
    for number in range(MANY):
        project = projects.create(name=f"p{number}", actor=root, now=now)
        worlds.attach(project, "c1")
        cluster = worlds.clusters.register(
            name=f"n{number}", spec=worlds.cluster_spec(), actor=root, now=now
        )
        worlds.attach(world.team, cluster.name)
        secrets.create(
            project=world.team, name=f"s{number}", payload={"a": "b"}, actor=root, now=now
        )
        worlds.make_source(world.team, f"web-{number}")
        worlds.token_for(platform, project=world.team)
        _more_of_the_source(world, cluster, number)


def _more_of_the_source(world: World, cluster: Cluster, number: int) -> None:
    now, source = timezone.now(), world.source
    events.record(
        project=world.team,
        kind="FederatedKustomization",
        uid=source.uid,
        name="web",
        reason="Progressing",
        message=f"step {number}",
        now=now,
    )
    with ledger.operation():
        Revision.objects.create(
            git_repository=sources.repository_of(source), name=f"main@sha1:{number}", commit="b2"
        )
        Propagation.objects.create(
            owner_kind="Kustomization",
            owner_uid=source.uid,
            owner_name="web",
            cluster=cluster,
            project_uid=world.team.uid,
            project_name="team",
            namespace="team",
        )
        InventoryEntry.objects.create(
            cluster=cluster, owner_uid=source.uid, version="v1", kind="ConfigMap", name="settings"
        )
        Deployment.objects.create(
            owner_uid=source.uid,
            owner_name="web",
            project_name="team",
            cluster_name=cluster.name,
            revision="main@sha1:b2",
            commit="b2",
            digest="d",
            started_at=now,
            finished_at=now,
        )


def test_many_rows_cost_as_many_queries_as_one(world: World) -> None:
    world.client("platform").get("/api/v1/me")  # notes the use of the token, once a minute
    before = {path: _count(world, path) for path in (*LISTS, *WHOLES)}
    _make_many(world)

    after = {path: _count(world, path) for path in (*LISTS, *WHOLES)}

    assert after == before
    assert max(after.values()) <= 10


def test_a_list_is_read_page_by_page(world: World) -> None:
    _make_many(world)
    client = world.client("platform")

    for path in LISTS:
        whole = client.get(f"/api/v1/{path}?limit=500").json()
        first = client.get(f"/api/v1/{path}?limit=3").json()
        second = client.get(f"/api/v1/{path}?limit=3&offset=3").json()
        beyond = client.get(f"/api/v1/{path}?offset=100000").json()

        assert len(whole["items"]) >= MANY, path
        assert first["items"] + second["items"] == whole["items"][:6], path
        assert (first["more"], second["more"], whole["more"]) == (True, True, False), path
        assert (beyond["items"], beyond["more"]) == ([], False), path


def test_objects_are_listed_of_one_cluster_if_asked(world: World) -> None:
    _make_many(world)

    answer = world.client("viewer").get(f"/api/v1/{WEB}/objects?cluster=n3").json()

    assert [(each["cluster"], each["kind"]) for each in answer["items"]] == [("n3", "ConfigMap")]


def test_a_source_shows_its_suspensions_and_where_it_is(world: World) -> None:
    source = world.client("viewer").get(f"/api/v1/{WEB}").json()
    status = world.client("viewer").get(f"/api/v1/{WEB}/status").json()
    revisions = world.client("viewer").get(f"/api/v1/{WEB}/revisions").json()["items"]

    assert source["suspended"]
    assert [(each["by"], each["reason"]) for each in source["suspensions"]] == [
        ("slipway", "looking")
    ]
    assert [(each["cluster"], each["state"]) for each in status["clusters"]] == [("c1", "Pending")]
    assert [(each["commit"], each["current"]) for each in revisions] == [(worlds.COMMIT, True)]
