"""What the REST API takes: JSON of the right shape, and nothing it would have to guess about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIRequestFactory, force_authenticate

from gitops.models import Kustomization
from gitops.operations import sources
from projects.api import errors, parsing
from projects.api.doors import Door
from projects.errors import (
    AlreadyExists,
    Cause,
    Conflict,
    Denied,
    DomainError,
    Expired,
    Invalid,
    NotFound,
    Unavailable,
)
from projects.models import Cluster, Secret
from projects.operations import clusters, secrets
from tests.fakes import kubeconfigs
from tests.integration import world as worlds
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


def _send(world: World, method: str, path: str, body: Any) -> Any:
    text = "" if body is None else json.dumps(body)
    return world.client("platform").generic(
        method.upper(), f"/api/v1/{path}", text, content_type="application/json"
    )


def _fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.content
    error = answer.json()["error"]
    assert error["kind"] == "Invalid"
    return [cause["field"] for cause in error["causes"]]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_an_unknown_field_is_refused_by_name(method: str, path: str, world: World) -> None:
    body = {**WRITES[method, path], "displayname": "x", "surprise": 1}

    answer = _send(world, method, path, body)

    assert _fields(answer) == ["displayname", "surprise"]


@pytest.mark.parametrize("body", [[], ["name"], "name", 5, None, True])
def test_a_body_that_is_no_object_is_refused(body: Any, world: World) -> None:
    answers = [
        world.client("platform").generic(
            method.upper(), f"/api/v1/{path}", json.dumps(body), content_type="application/json"
        )
        for method, path in WRITES
    ]

    assert {answer.status_code for answer in answers} == {422}


TEXT: list[Any] = [5, True, None, [], {}, "a\x00b", "\ud800", "x" * 5000]
WRONG: dict[str, list[Any]] = {
    "name": TEXT,
    "url": TEXT,
    "path": TEXT,
    "ref": [5, "main", []],
    "ref.branch": TEXT,
    "ref.tag": TEXT,
    "ref.commit": TEXT,
    "secretRef": [5, "git", []],
    "secretRef.name": TEXT,
    "interval": [60, True, None, "", "60", "1d", "-5s", "5.5s", "s", [], "9" * 99 + "s"],
    "prune": [0, 1, "true", "yes", None, [], {}],
    "adopt": [0, 1, "true", "yes", None, [], {}],
    "placement": [5, "all", [], None],
    "placement.clusters": [5, "c1", {}, None],
    "placement.clusterSelector": [5, "all", [], None],
    "placement.clusterSelector.matchLabels": [5, "a=b", [], None],
    "placement.clusterSelector.matchLabels.tier": TEXT,
    "placement.clusterSelector.matchExpressions": [5, "a", {}, None],
}


@pytest.mark.parametrize("field", WRONG)
def test_a_value_of_the_wrong_type_is_refused_by_its_field(field: str, world: World) -> None:
    for value in WRONG[field]:
        body: dict[str, Any] = {"name": "api", "url": URL}
        *parents, last = field.split(".")
        inner = body
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = value

        answer = _send(world, "post", SOURCES, body)

        assert _fields(answer) == [field], (field, value)
    assert not Kustomization.objects.filter(name="api").exists()


@pytest.mark.parametrize(
    ("placement", "field"),
    [
        ({"cluster": []}, "placement.cluster"),
        ({"clusters": [{"name": "c1"}, {"nam": "c2"}]}, "placement.clusters[1].nam"),
        ({"clusters": ["c1"]}, "placement.clusters[0]"),
        (
            {"clusterSelector": {"matchLabels": {"-": "x"}}},
            "placement.clusterSelector.matchLabels.-",
        ),
        (
            {"clusterSelector": {"matchExpressions": [{"key": "tier", "operator": "Is"}]}},
            "placement.clusterSelector.matchExpressions[0].operator",
        ),
        (
            {"clusterSelector": {"matchExpressions": [{"key": "tier", "operator": "In"}]}},
            "placement.clusterSelector.matchExpressions[0].values",
        ),
    ],
)
def test_a_mistake_inside_a_placement_is_named_by_its_path(
    placement: Any, field: str, world: World
) -> None:
    answer = _send(world, "post", SOURCES, {"name": "api", "url": URL, "placement": placement})

    assert _fields(answer) == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Bad Name", "url": URL}, "name"),
        ({"name": "api", "url": "ftp://git.example/x"}, "url"),
        ({"name": "api", "url": URL, "path": "../up"}, "path"),
        ({"name": "api", "url": URL, "ref": {"branch": "a", "tag": "b"}}, "ref"),
        ({"name": "api", "url": URL, "interval": "1s"}, "interval"),
        ({"name": "api"}, "url"),
    ],
)
def test_what_an_operation_refuses_names_the_field_too(
    body: dict[str, Any], field: str, world: World
) -> None:
    assert _fields(_send(world, "post", SOURCES, body)) == [field]


def test_a_source_is_read_as_it_was_written(world: World) -> None:
    placement = {"clusterSelector": {"matchLabels": {"tier": "prod"}}}
    body = {
        "name": "api",
        "url": URL,
        "ref": {"tag": "v1"},
        "secretRef": {"name": "git"},
        "path": "deploy",
        "interval": "1h30m",
        "prune": False,
        "adopt": True,
        "placement": placement,
    }

    made = _send(world, "post", SOURCES, body).json()
    read = _send(world, "get", f"{SOURCES}/api", None).json()
    again = {name: read[name] for name in body if name != "name"}
    put = _send(world, "put", f"{SOURCES}/api", again)

    assert {name: made[name] for name in body} == {**body, "interval": "5400s"}
    assert (made["suspended"], made["status"]["ready"]) == (False, None)
    assert put.json() == read


def test_what_a_put_leaves_out_gets_its_default(world: World) -> None:
    answer = _send(world, "put", WEB, {"url": URL}).json()

    assert (answer["path"], answer["secretRef"], answer["interval"]) == ("", None, "60s")
    assert answer["placement"] == {"clusterSelector": {}}


@pytest.mark.parametrize(
    ("way", "kept"),
    [
        ({"payload": {"a": " b ", "c": ""}}, {"a": " b ", "c": ""}),
        ({"username": "u", "password": " p "}, {"username": "u", "password": " p "}),
        ({"username": "u", "token": "t"}, {"username": "u", "password": "t"}),
    ],
)
def test_a_secret_is_given_in_one_of_three_ways(
    way: dict[str, Any], kept: dict[str, str], world: World
) -> None:
    made = _send(world, "post", SECRETS, {"name": "more", **way})

    assert made.status_code == 201
    assert made.json()["keys"] == sorted(kept)
    assert secrets.open_payload(Secret.objects.get(name="more")) == kept


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"username": "u"},
        {"token": "t"},
        {"username": "u", "password": "p", "token": "t"},
        {"payload": {"a": "b"}, "username": "u"},
        {"payload": {"a": 5}},
        {"payload": {"a": ["b"]}},
        {"payload": {}},
        {"payload": {"a\x00": "b"}},
        {"payload": "a=b"},
    ],
)
def test_no_other_way_makes_a_secret(way: dict[str, Any], world: World) -> None:
    answer = _send(world, "post", SECRETS, {"name": "more", **way})

    assert answer.status_code == 422
    assert not Secret.objects.filter(name="more").exists()


def test_a_cluster_is_registered_by_kubeconfig_or_by_values(world: World) -> None:
    ca = kubeconfigs.authority().pem
    values = {"server": "https://c.example", "ca": ca, "token": "by-values"}
    by_file = {"kubeconfig": kubeconfigs.text(token="by-file"), "labels": {"tier": "prod"}}

    codes = [
        _send(world, "post", "clusters", {"name": name, **way}).status_code
        for name, way in (("east", by_file), ("west", values))
    ]
    replaced = _send(world, "patch", "clusters/east", values)

    east, west = (Cluster.objects.get(name=name) for name in ("east", "west"))
    assert codes == [201, 201]
    assert clusters.credential(west) == clusters.credential(east) == {"token": "by-values"}
    assert (east.labels, replaced.json()["server"]) == ({"tier": "prod"}, "https://c.example:443")
    assert replaced.json()["ready"] is None


@pytest.mark.parametrize(
    ("way", "field"),
    [
        ({}, "kubeconfig"),
        ({"server": "https://c.example"}, "kubeconfig"),
        ({"token": "t"}, "kubeconfig"),
        ({"kubeconfig": kubeconfigs.text(), "token": "t"}, "kubeconfig"),
        ({"server": "http://c.example", "token": "t"}, "server"),
        ({"server": "https://c.example", "token": "a\nb"}, "token"),
        ({"server": "https://c.example", "token": "t", "ca": "no pem"}, "ca_pem"),
        ({"kubeconfig": kubeconfigs.spoiled("user", "exec", {})}, "users[0].user.exec"),
        ({"kubeconfig": kubeconfigs.text(), "labels": {"a b": "c"}}, "labels.a b"),
        ({"kubeconfig": kubeconfigs.text(), "labels": {"a": 5}}, "labels.a"),
        ({"kubeconfig": kubeconfigs.text(server="https://c.example/" + "a" * 500)}, "server"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_refused_by_field(
    way: dict[str, Any], field: str, world: World
) -> None:
    answer = _send(world, "post", "clusters", {"name": "east", **way})

    assert _fields(answer) == [field]
    assert not Cluster.objects.filter(name="east").exists()


@pytest.mark.parametrize(
    ("query", "body", "policy", "protected"),
    [
        ("", {}, "Delete", False),
        ("?orphan=true", None, "Orphan", False),
        ("?protectedKinds=true", {}, "Delete", True),
        ("", {"orphan": True, "protectedKinds": False}, "Orphan", False),
        ("?orphan=true", {"orphan": False}, "Delete", False),
    ],
)
def test_a_deletion_takes_its_options_from_query_or_body(
    query: str, body: Any, policy: str, protected: bool, world: World
) -> None:
    answer = _send(world, "delete", WEB + query, body)

    world.source.refresh_from_db()
    assert answer.status_code == 202
    assert (world.source.deletion_policy, world.source.delete_protected_kinds) == (
        policy,
        protected,
    )


@pytest.mark.parametrize("query", ["orphan=1", "orphan=", "protectedKinds=True"])
def test_an_option_that_is_neither_true_nor_false_deletes_nothing(query: str, world: World) -> None:
    answer = _send(world, "delete", f"{WEB}?{query}", None)

    world.source.refresh_from_db()
    assert answer.status_code == 422
    assert world.source.deletion_requested_at is None


def test_a_source_that_is_being_deleted_is_not_changed(world: World) -> None:
    _send(world, "delete", WEB, None)

    answer = _send(world, "put", WEB, {"url": URL})

    assert answer.status_code == 409
    assert answer.json()["error"]["kind"] == "Conflict"
    assert sources.repository_of(world.source).url != URL


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

    assert _fields(answer) == [query.split("=")[0]]


@pytest.mark.parametrize("cluster", ["%00", "C1", "c1%0A", "a" * 300])
def test_a_cluster_to_look_at_is_a_name(cluster: str, world: World) -> None:
    answer = world.client("platform").get(f"/api/v1/{WEB}/objects?cluster={cluster}")

    assert _fields(answer) == ["cluster"]


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


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (Invalid("no"), 422, "Invalid"),
        (Denied("no"), 403, "Denied"),
        (NotFound("no"), 404, "NotFound"),
        (AlreadyExists("no"), 409, "AlreadyExists"),
        (Conflict("no", causes=(Cause(field="a", message="b"),)), 409, "Conflict"),
        (Expired("no"), 410, "Expired"),
        (Unavailable("no"), 503, "Unavailable"),
    ],
)
def test_each_kind_of_error_has_its_code(error: DomainError, code: int, kind: str) -> None:
    answer = errors.handle(error, {})

    assert answer.status_code == code
    assert answer.data["error"]["kind"] == kind
    assert answer.data["error"]["message"] == "no"
    assert len(answer.data["error"]["causes"]) == len(error.causes)


@pytest.mark.parametrize(("named", "said"), [(None, "10"), (2.2, "3"), (60.0, "60")])
def test_unavailable_says_when_to_come_again(named: float | None, said: str) -> None:
    answer = errors.handle(Unavailable("busy", retry_after=named), {})

    assert answer["Retry-After"] == said


class Broken(Door):
    """A view with a bug in it."""

    def get(self, _request: Any) -> Any:
        raise RuntimeError("the password is hunter2")


def test_a_bug_is_a_500_with_its_request_id_and_no_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    request = APIRequestFactory().get("/", headers={"X-Request-ID": "bug-1"})
    force_authenticate(request, worlds.person("someone"))

    answer = Broken.as_view()(request)

    assert answer.status_code == 500
    assert "bug-1" in answer.data["error"]["message"]
    assert "hunter2" not in str(answer.data)
    assert "bug-1" in caplog.text
