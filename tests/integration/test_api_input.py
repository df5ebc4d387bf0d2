"""What the REST API reads: JSON of the right shape, and nothing it would have to guess about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects.api import parsing
from tests.fakes import kubeconfigs
from tests.integration import world as worlds
from tests.integration.calls import refused, send

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db


SOURCES = "projects/team/sources"


WEB = f"{SOURCES}/web"


SECRETS = "projects/team/secrets"


URL = "https://git.example/team/api"


# Every write with a good body.
WRITES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "projects"): {"name": "fresh"},
    ("patch", "projects/team"): {"displayName": "Ours"},
    ("delete", "projects/team"): {},
    ("post", SECRETS): {"name": "more", "payload": {"key": "value"}},
    ("put", f"{SECRETS}/git"): {"payload": {"key": "value"}},
    ("delete", f"{SECRETS}/git"): {},
    ("post", "projects/team/clusters"): {"cluster": "spare"},
    ("delete", "projects/team/clusters/c1"): {},
    ("post", SOURCES): {"name": "api", "url": URL},
    ("put", WEB): {"url": URL},
    ("delete", WEB): {},
    ("post", f"{WEB}/sync"): {},
    ("post", f"{WEB}/suspend"): {},
    ("post", f"{WEB}/resume"): {},
    ("post", f"{WEB}/confirm-prune"): {"commit": worlds.COMMIT},
    ("post", "clusters"): {"name": "c9", "kubeconfig": kubeconfigs.text()},
    ("patch", "clusters/c1"): {"kubeconfig": kubeconfigs.text()},
    ("delete", "clusters/c1"): {},
    ("post", "tokens"): {"name": "ci"},
}


@pytest.fixture
def world() -> World:
    return worlds.build()


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_an_unknown_field_is_refused_by_name(method: str, path: str, world: World) -> None:
    body = {**WRITES[method, path], "displayname": "x", "surprise": 1}

    answer = send(world, method, path, body)

    assert refused(answer) == ["displayname", "surprise"]


@pytest.mark.parametrize("body", [[], ["name"], "name", 5, None, True])
def test_a_body_that_is_no_object_is_refused(body: Any, world: World) -> None:
    answers = [
        world.client("platform").generic(
            method.upper(), f"/api/v1/{path}", json.dumps(body), content_type="application/json"
        )
        for method, path in WRITES
    ]

    assert {answer.status_code for answer in answers} == {422}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        ('{"name": "api"}'.encode("utf-16"), 400),
        (b'{"name": "one", "name": "two"}', 400),
        (b'{"interval": NaN}', 400),
        (b'{"interval": -Infinity}', 400),
        (b"9" * 5000, 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 50_000, 400),
        (b'"' + b"a" * parsing.MAX_BODY_BYTES + b'"', 413),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_body_that_cannot_be_read_is_no_500(body: bytes, code: int, world: World) -> None:
    answer = world.client("platform").generic(
        "POST", "/api/v1/projects", body, content_type="application/json"
    )

    assert answer.status_code == code
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("charset", ["utf-16", "zlib", "hex", "no-such"])
def test_the_charset_is_not_the_clients_to_choose(charset: str, world: World) -> None:
    answer = world.client("platform").generic(
        "POST",
        "/api/v1/projects",
        b'{"name": "fresh"}',
        content_type=f"application/json; charset={charset}",
    )

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "path",
    [
        "projects/",
        "projects/Team",
        "projects/te%00am",
        "projects/team%0A",
        "projects/%2e%2e",
        "projects/" + "a" * 300,
        "projects/team/sources/web/",
        "projects/%ff",
        "tokens/99999999999999999999999999",
        "nothing%0Ahere",
        "",
    ],
)
def test_a_path_that_is_no_route_is_404_in_json(path: str, world: World) -> None:
    answer = world.client("platform").get(f"/api/v1/{path}")

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "there is no such endpoint"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1e2",
        "offset=-1",
        "limit=\u0665",
        "offset=99999999999",
        "offset=%00",
    ],
)
def test_a_page_that_cannot_be_is_refused(query: str, world: World) -> None:
    answer = world.client("platform").get(f"/api/v1/projects?{query}")

    assert refused(answer) == [query.split("=")[0]]


@pytest.mark.parametrize("cluster", ["%00", "C1", "c1%0A", "a" * 300])
def test_a_cluster_to_look_at_is_a_name(cluster: str, world: World) -> None:
    answer = world.client("platform").get(f"/api/v1/{WEB}/objects?cluster={cluster}")

    assert refused(answer) == ["cluster"]


def test_methods_and_descriptions_that_are_not_there_are_405(world: World) -> None:
    client = world.client("platform")

    codes = [
        getattr(client, method)(f"/api/v1/{path}").status_code
        for method, path in (
            ("options", "projects"),
            ("put", "projects/team"),
            ("delete", "projects/team/audit"),
            ("put", "projects/team/audit"),
            ("trace", "projects"),
        )
    ]

    assert set(codes) == {405}
