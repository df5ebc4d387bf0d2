"""What one project's people learn of another's through the REST API: nothing (S-48 to S-51)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration import world as worlds

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db

UNDER_PROJECT = (
    "",
    "/secrets",
    "/secrets/git",
    "/clusters",
    "/events",
    "/audit",
    "/sources",
    "/sources/web",
    "/sources/web/status",
    "/sources/web/events",
    "/sources/web/deployments",
    "/sources/web/objects",
    "/sources/web/revisions",
)
LISTS = ("projects", "clusters", "tokens")


@pytest.fixture
def world() -> World:
    return worlds.build()


def _asked(world: World, path: str) -> tuple[int, str, int]:
    """Code, body and number of queries of a stranger's request."""
    client = world.client("stranger")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    return answer.status_code, answer.content.decode(), len(queries)


@pytest.mark.parametrize("path", UNDER_PROJECT)
def test_foreign_and_missing_projects_are_not_told_apart(path: str, world: World) -> None:
    world.client("stranger").get("/api/v1/me")  # notes the use of the token, once a minute

    foreign = _asked(world, f"/api/v1/projects/team{path}")
    missing = _asked(world, f"/api/v1/projects/nope{path}")

    assert foreign[0] == 404
    assert (foreign[0], foreign[1].replace("team", "nope"), foreign[2]) == missing


def test_foreign_and_missing_clusters_and_tokens_are_not_told_apart(world: World) -> None:
    world.client("stranger").get("/api/v1/me")
    client, foreign_id = world.client("stranger"), world.spare_token.pk

    foreign, missing = (_asked(world, f"/api/v1/clusters/{name}") for name in ("c1", "c0"))
    tokens = [client.delete(f"/api/v1/tokens/{pk}") for pk in (foreign_id, 10**9)]

    assert (foreign[0], foreign[1].replace("c1", "c0"), foreign[2]) == missing
    assert [answer.status_code for answer in tokens] == [404, 404]
    assert tokens[0].json()["error"]["message"] == f"token {foreign_id} not found"


def test_writing_to_a_foreign_project_is_answered_as_to_a_missing_one(world: World) -> None:
    client = world.client("stranger")
    body = {"name": "git", "payload": {"key": "value"}}

    answers = [
        client.post(f"/api/v1/projects/{name}/secrets", body, format="json").content.decode()
        for name in ("team", "nope")
    ]

    assert answers[0].replace("team", "nope") == answers[1]
    assert "NotFound" in answers[0]


def test_a_name_used_in_another_project_is_free_in_ones_own(world: World) -> None:
    editor = worlds.person("other-editor", "slipway:other:editor")
    world.tokens["other-editor"] = worlds.token_for(editor)
    client = world.client("other-editor")

    secret = {"name": "git", "payload": {"key": "value"}}
    source = {"name": "web", "url": "https://git.example/other/web"}
    codes = [
        client.post("/api/v1/projects/other/secrets", secret, format="json").status_code,
        client.post("/api/v1/projects/other/sources", source, format="json").status_code,
    ]

    assert codes == [201, 201]


def test_lists_hold_only_what_is_seen(world: World) -> None:
    def names(person: str, what: str) -> list[str]:
        found: list[dict[str, Any]] = world.client(person).get(f"/api/v1/{what}").json()["items"]
        return [each["name"] for each in found]

    assert names("viewer", "projects") == ["team"]
    assert names("stranger", "projects") == ["other"]
    assert names("auditor", "projects") == ["other", "team"]
    assert names("viewer", "clusters") == ["c1"]
    assert names("stranger", "clusters") == ["c2"]
    assert names("platform", "clusters") == ["c1", "c2", "spare"]
    assert names("viewer", "tokens") == ["test"]


def test_a_shared_cluster_names_only_the_projects_one_sees(world: World) -> None:
    worlds.attach(world.other, "c1")

    mine = world.client("viewer").get("/api/v1/clusters/c1").json()
    all_of_them = world.client("platform").get("/api/v1/clusters/c1").json()

    assert mine["projects"] == ["team"]
    assert all_of_them["projects"] == ["other", "team"]


@pytest.mark.parametrize(
    "query",
    [
        "project=team",
        "project__name=team",
        "search=team",
        "ordering=sealed_credential",
        "_connector=OR",
        "sealed_credential__startswith=a",
        "user__password__regex=.",
        "format=api",
        "labelSelector=a",
        "limit=5&limitt=5",
    ],
)
@pytest.mark.parametrize("what", LISTS)
def test_query_parameters_nobody_reads_are_refused_by_name(
    query: str, what: str, world: World
) -> None:
    answer = world.client("stranger").get(f"/api/v1/{what}?{query}")

    name = query.split("&")[-1].split("=")[0]
    assert answer.status_code in (404, 422)
    assert answer.status_code == 404 or name in answer.json()["error"]["message"]


def test_an_earlier_project_of_the_same_name_keeps_its_audit_trail_to_itself(
    world: World,
) -> None:
    platform = world.client("platform")
    platform.post("/api/v1/projects", {"name": "ghost", "displayName": "first"}, format="json")
    platform.patch("/api/v1/projects/ghost", {"displayName": "second"}, format="json")
    platform.delete("/api/v1/projects/ghost")
    platform.post("/api/v1/projects", {"name": "ghost"}, format="json")

    found = platform.get("/api/v1/projects/ghost/audit").json()["items"]

    assert [each["verb"] for each in found] == ["create"]
