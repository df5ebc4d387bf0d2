"""Browsers at the REST API: sessions, CSRF, content types (S-54), and what is noted of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from projects.models import ApiToken, AuditEntry, Secret
from projects.operations import tokens
from tests.integration import world as worlds

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db


SYNC = "/api/v1/projects/team/sources/web/sync"


@pytest.fixture
def world() -> World:
    return worlds.build()


def _row(text: str) -> ApiToken:
    found = tokens.find(text, now=timezone.now())
    assert found is not None
    return found


def _browser(user: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def test_an_act_by_token_is_audited_with_token_address_and_request_id(world: World) -> None:
    client = world.client("deployer")

    answer = client.post(SYNC, HTTP_X_REQUEST_ID="deploy-42", REMOTE_ADDR="192.0.2.7")

    entry = AuditEntry.objects.latest("id")
    assert answer["X-Request-ID"] == "deploy-42"
    assert (entry.actor, entry.via, entry.verb) == ("deployer", "rest", "sync")
    assert entry.token_id == _row(world.tokens["deployer"]).pk
    assert (entry.source_ip, entry.request_id) == ("192.0.2.7", "deploy-42")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a" * 500, "a" * 64), ("one\ntwo\x1b[31m\u202e", "onetwo[31m"), ("\xff", None), ("", None)],
)
def test_a_request_id_is_bounded_and_printable(given: str, kept: str | None, world: World) -> None:
    answer = world.client("deployer").post(SYNC, headers={"X-Request-ID": given})

    found = AuditEntry.objects.latest("id").request_id
    assert found == answer["X-Request-ID"]
    assert found == kept if kept else len(found) == 32


@pytest.mark.parametrize("address", ["", "unix:", "not an address", "fe80::1%eth0", "::1"])
def test_an_odd_address_is_no_error(address: str, world: World) -> None:
    answer = world.client("deployer").post(SYNC, REMOTE_ADDR=address)

    assert answer.status_code == 202
    assert AuditEntry.objects.latest("id").source_ip in (None, "fe80::1", "::1")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"],
)
def test_a_session_without_a_csrf_token_changes_nothing(content_type: str, world: World) -> None:
    client = _browser(User.objects.get(username="editor"))
    body = '{"name": "planted", "payload": {"key": "value"}}'

    answer = client.post("/api/v1/projects/team/secrets", body, content_type=content_type)

    assert answer.status_code == 403
    assert answer.json()["error"]["kind"] == "Denied"
    assert not Secret.objects.filter(name="planted").exists()


def test_a_session_with_a_csrf_token_is_as_good_as_a_token(world: World) -> None:
    client = _browser(User.objects.get(username="editor"))
    token = "a" * 32
    client.cookies["csrftoken"] = token

    answer = client.post(
        "/api/v1/projects/team/secrets",
        '{"name": "mine", "payload": {"key": "value"}}',
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )

    assert answer.status_code == 201
    assert AuditEntry.objects.latest("id").token_id is None


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_only_json_is_read(content_type: str, world: World) -> None:
    client = world.client("editor")

    answer = client.post("/api/v1/projects/team/secrets", '{"a": 1}', content_type=content_type)

    assert answer.status_code == 415
    assert answer.json()["error"]["kind"] == "UnsupportedMediaType"


@pytest.mark.parametrize("action", ["sync", "suspend", "resume", "confirm-prune"])
def test_get_changes_no_state(action: str, world: World) -> None:
    answer = world.client("editor").get(f"/api/v1/projects/team/sources/web/{action}")

    assert answer.status_code == 405


def test_nobody_keeps_an_answer_and_no_browser_guesses_its_type(world: World) -> None:
    answer = world.client("viewer").get("/api/v1/me")

    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/json"
