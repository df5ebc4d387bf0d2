"""Secrets go in by every door and come out of none: no endpoint, no page, no trail (S-48, S-60).

A value is looked for in every spelling of projects.kube.masking: plain, base64, URL-encoded. The
endpoints are taken from the table of the permission tests, which is held to the URLconf.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from projects.kube import masking
from projects.models import AuditEntry, Change, Cluster, Secret
from tests.fakes import kubeconfigs
from tests.integration import world as worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.world import World

pytestmark = pytest.mark.django_db

CANARIES = tuple(f"canary-{number}-c0ffee+/ünicode" for number in range(8))


def _token(canary: str) -> str:
    """A canary as a bearer token may look."""
    return canary.encode("ascii", "ignore").decode()


@pytest.fixture
def world() -> World:
    """A world in which every secret place holds a canary, by REST and by the admin."""
    world = worlds.build()
    team = f"/admin/projects/secret/add/?project={world.team.pk}"
    rest = world.client("platform")
    answers = [
        _post(rest, "projects/team/secrets", name="s0", payload={"key": CANARIES[0]}),
        _post(rest, "projects/team/secrets", name="s1", username="u", password=CANARIES[1]),
        _post(rest, "projects/team/secrets", name="s2", username="u", token=CANARIES[2]),
        _post(rest, "clusters", name="k3", kubeconfig=_kubeconfig(CANARIES[3])),
        _post(rest, "clusters", name="k4", server="https://c.example", token=_token(CANARIES[4])),
    ]
    assert [answer.status_code for answer in answers] == [201] * 5
    boss = _boss(world)
    given = {"project": world.team.pk, "type": "Opaque"}
    boss.post(team, {"name": "s5", "payload": json.dumps({"key": CANARIES[5]}), **given})
    boss.post(team, {"name": "s6", "username": "u", "password": CANARIES[6], **given})
    boss.post(
        "/admin/projects/cluster/add/", {"name": "k7", "kubeconfig": _kubeconfig(CANARIES[7])}
    )
    assert Secret.objects.filter(name__in=["s5", "s6"]).count() == 2
    assert Cluster.objects.filter(name="k7").exists()
    return world


def _post(client: Any, path: str, **body: Any) -> Any:
    return client.post(f"/api/v1/{path}", body, format="json")


def _kubeconfig(canary: str) -> str:
    return kubeconfigs.text(token=_token(canary))


def _boss(_world: World) -> Client:
    client = Client()
    client.force_login(
        worlds.User.objects.filter(username="boss").first()
        or worlds.person("boss", is_staff=True, is_superuser=True)
    )
    return client


def _endpoints() -> Iterator[str]:
    yield from ("me", "tokens", "projects", "projects/team", "clusters")
    for part in ("secrets", "clusters", "events", "audit", "sources"):
        yield f"projects/team/{part}"
    for name in Secret.objects.values_list("name", flat=True):
        yield f"projects/team/secrets/{name}"
    for name in Cluster.objects.values_list("name", flat=True):
        yield f"clusters/{name}"
    for part in ("", "/revisions", "/status", "/events", "/deployments", "/objects"):
        yield f"projects/team/sources/web{part}"


def _pages() -> Iterator[str]:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for row in model._default_manager.all():
            yield reverse(f"{name}_change", args=[row.pk])
    for row in Secret.objects.all():
        yield reverse("admin:projects_secret_history", args=[row.pk])
        yield reverse("admin:projects_secret_delete", args=[row.pk])


def _forms(values: tuple[str, ...]) -> list[str]:
    found = {
        form for value in values for text in (value, _token(value)) for form in masking.forms(text)
    }
    return sorted(found | {json.dumps(value)[1:-1] for value in values})


def _sealed() -> list[str]:
    """What the columns hold: sealed text is nobody's to see either."""
    rows = [*Secret.objects.values_list("sealed_payload", flat=True)]
    return [*rows, *Cluster.objects.values_list("sealed_credential", flat=True)]


def test_no_endpoint_and_no_page_shows_a_secret(world: World) -> None:
    rest, boss = world.client("platform"), _boss(world)
    looked_for = [*_forms((*CANARIES, worlds.CANARY)), *_sealed(), *world.tokens.values()]

    shown = {path: rest.get(f"/api/v1/{path}") for path in _endpoints()}
    shown |= {page: boss.get(page) for page in _pages()}

    assert {answer.status_code for answer in shown.values()} == {200}
    for path, answer in shown.items():
        text = answer.content.decode()
        assert not [each for each in looked_for if each in text], path


def test_the_trails_hold_no_secret(world: World) -> None:
    looked_for = _forms((*CANARIES, worlds.CANARY)) + _sealed()

    entries = json.dumps(list(AuditEntry.objects.values_list("details", flat=True)))
    changes = json.dumps(list(Change.objects.values_list("manifest", flat=True)))

    assert "s0" in entries + changes
    assert not [each for each in looked_for if each in entries + changes]


def test_the_database_holds_no_secret_in_clear(world: World) -> None:
    looked_for = _forms(CANARIES)
    tables = connection.introspection.table_names()
    kept = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table of ours
            kept.append(str(cursor.fetchall()))

    everything = "".join(kept)

    assert "s0" in everything
    assert not [each for each in looked_for if each in everything]


def test_a_refused_secret_is_not_quoted(world: World) -> None:
    rest, canary = world.client("platform"), CANARIES[0]
    bodies: list[Any] = [
        {"name": "x", "payload": {"key": [canary]}},
        {"name": "x", "payload": [canary]},
        {"name": "x", "payload": canary},
        {"name": "x", "username": canary},
        {"name": "s0", "payload": {"key": canary}},
        {"name": "X", "payload": {"key": canary}},
        {"name": "x", "payload": {"key": canary + "\x00"}},
    ]

    answers = [rest.post("/api/v1/projects/team/secrets", body, format="json") for body in bodies]
    torn = rest.generic(
        "POST",
        "/api/v1/projects/team/secrets",
        f'{{"payload": "{canary}',
        content_type="application/json",
    )

    for answer in (*answers, torn):
        assert answer.status_code in (400, 409, 422)
        assert canary not in json.dumps(answer.json(), ensure_ascii=False)


def test_a_refused_kubeconfig_is_not_quoted(world: World) -> None:
    rest, token = world.client("platform"), _token(CANARIES[3])
    good = kubeconfigs.text(token=token)
    spoiled = [
        good.replace('"Config"', '"Konfig"'),
        good[:-5],
        good.replace(token, token + "\\u00e9"),
        good.replace("https://", "http://"),
        json.dumps({**json.loads(good), token: token}),
    ]

    answers = [_post(rest, "clusters", name="x", kubeconfig=text) for text in spoiled]

    encoded = base64.b64encode(token.encode()).decode()
    for number, answer in enumerate(answers):
        assert answer.status_code == 422
        # The last one puts the value where the name of a key belongs, and names are told.
        assert number == len(spoiled) - 1 or token not in answer.content.decode()
        assert encoded not in answer.content.decode()
