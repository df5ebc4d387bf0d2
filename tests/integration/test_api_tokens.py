"""Who is let in by the REST API with a token: its faults, its limits, its end (S-52)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from projects import access, roles
from projects.models import ApiToken
from projects.operations import tokens
from tests.integration import world as worlds

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.world import World

pytestmark = pytest.mark.django_db


WELL_FORMED = "Bearer slw_" + "a" * 43


@pytest.fixture
def world() -> World:
    return worlds.build()


def _row(text: str) -> ApiToken:
    found = tokens.find(text, now=timezone.now())
    assert found is not None
    return found


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer slw_",
        "Token slw_" + "a" * 43,
        "Basic cm9ib3Q6cGFzc3dvcmQ=",
        WELL_FORMED,
        WELL_FORMED + "a",
        WELL_FORMED + " and more",
        WELL_FORMED + ", " + WELL_FORMED,
        "Bearer \xff\xfe",
        "Bearer slw_\x00" + "a" * 42,
        "Bearer " + "a" * 100_000,
        "\u202eBearer",
        "Bearer ' OR 1=1 --",
    ],
    ids=lambda header: repr(header[:40]),
)
def test_a_header_that_is_no_good_token_is_401_and_never_500(header: str) -> None:
    answer = APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=header)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="slipway"'
    assert answer.json()["error"]["kind"] == "AuthenticationFailed"


def test_without_a_header_the_answer_is_401_in_the_same_shape() -> None:
    answer = APIClient().get("/api/v1/me")

    assert answer.status_code == 401
    assert set(answer.json()["error"]) == {"kind", "reason", "message", "causes"}


def test_the_scheme_is_taken_in_either_spelling(world: World) -> None:
    text = world.tokens["viewer"]

    answers = [
        APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=f"{scheme} {text}").status_code
        for scheme in ("Bearer", "bearer")
    ]

    assert answers == [200, 200]


def _expire(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def _revoke(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=timezone.now())


def _deactivate(token: ApiToken) -> None:
    User.objects.filter(pk=token.user_id).update(is_active=False)


@pytest.mark.parametrize("spoil", [_expire, _revoke, _deactivate])
def test_a_token_that_ended_is_401_at_the_next_request(
    spoil: Callable[[ApiToken], None], world: World, forge: Callable[..., Any]
) -> None:
    client = world.client("viewer")
    before = client.get("/api/v1/me").status_code
    forge(lambda: spoil(_row(world.tokens["viewer"])))

    assert (before, client.get("/api/v1/me").status_code) == (200, 401)


def test_a_token_follows_its_user_out_of_a_group_at_once(world: World) -> None:
    client = world.client("editor")
    before = client.get("/api/v1/projects/team").status_code
    User.objects.get(username="editor").groups.clear()

    assert (before, client.get("/api/v1/projects/team").status_code) == (200, 404)


def test_a_bad_token_is_not_made_good_by_a_session(world: World) -> None:
    client = APIClient()
    client.force_login(User.objects.get(username="viewer"))
    by_session = client.get("/api/v1/me").status_code

    by_both = client.get("/api/v1/me", HTTP_AUTHORIZATION=WELL_FORMED).status_code

    assert (by_session, by_both) == (200, 401)


def test_use_is_noted_at_most_once_a_minute(world: World) -> None:
    client, token = world.client("viewer"), _row(world.tokens["viewer"])

    client.get("/api/v1/me")
    token.refresh_from_db()
    first = token.last_used_at
    client.get("/api/v1/me")
    token.refresh_from_db()

    assert first is not None
    assert token.last_used_at == first


def test_the_text_of_a_token_is_answered_once_and_kept_nowhere(world: World) -> None:
    client = world.client("viewer")
    made = client.post("/api/v1/tokens", {"name": "ci"}, format="json").json()
    listed = client.get("/api/v1/tokens").content.decode()

    kept = ""
    with connection.cursor() as cursor:
        for table in ("projects_apitoken", "projects_auditentry", "projects_change"):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table of ours
            kept += str(cursor.fetchall())

    assert made["token"].startswith("slw_")
    assert made["scope"] == "read"
    assert made["token"] not in listed + kept
    assert APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {made['token']}").data


def test_a_limited_token_cannot_shake_off_its_limits(world: World) -> None:
    for person in ("read-token", "sync-token", "token-for-here"):
        client, token = world.client(person), _row(world.tokens[person])

        made = client.post("/api/v1/tokens", {"name": "more", "scope": "write"}, format="json")
        ended = client.delete(f"/api/v1/tokens/{token.pk}")

        assert (made.status_code, ended.status_code) == (403, 403)


def test_a_token_of_one_project_tells_nothing_of_others(world: World) -> None:
    client = world.client("token-for-here")

    me, listed = client.get("/api/v1/me").json(), client.get("/api/v1/tokens").json()

    assert [each["name"] for each in me["projects"]] == ["team"]
    assert {each["project"] for each in listed["items"]} == {"team"}
    assert [each["name"] for each in client.get("/api/v1/projects").json()["items"]] == ["team"]
    assert [each["name"] for each in client.get("/api/v1/clusters").json()["items"]] == ["c1"]


def test_me_says_what_may_be_done_where(world: World) -> None:
    deployer = world.client("deployer").get("/api/v1/me").json()
    reading = world.client("read-token").get("/api/v1/me").json()

    assert deployer == {
        "name": "deployer",
        "scope": "write",
        "platformAdmin": False,
        "projects": [{"name": "team", "verbs": ["view", "sync"]}],
    }
    assert reading["projects"] == [{"name": "team", "verbs": ["view"]}]


def test_a_superuser_by_token_is_a_platform_admin_within_the_tokens_scope(world: World) -> None:
    boss = worlds.person("boss", is_superuser=True)
    actor = access.of_user(boss, via="test")
    assert actor.is_platform_admin
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {worlds.token_for(boss, scope='read')}")

    seen = client.get("/api/v1/projects").json()["items"]
    made = client.post("/api/v1/projects", {"name": "fresh"}, format="json")

    assert len(seen) == 2
    assert made.status_code == 403
    assert roles.PLATFORM_ADMIN not in actor.groups
