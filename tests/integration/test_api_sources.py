"""Sources by REST: what their fields take, and how they are read and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops.models import Kustomization
from gitops.operations import sources
from tests.integration import world as worlds
from tests.integration.calls import refused, send

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db


SOURCES = "projects/team/sources"


WEB = f"{SOURCES}/web"


URL = "https://git.example/team/api"


@pytest.fixture
def world() -> World:
    return worlds.build()


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

        answer = send(world, "post", SOURCES, body)

        assert refused(answer) == [field], (field, value)
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
    answer = send(world, "post", SOURCES, {"name": "api", "url": URL, "placement": placement})

    assert refused(answer) == [field]


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
    assert refused(send(world, "post", SOURCES, body)) == [field]


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

    made = send(world, "post", SOURCES, body).json()
    read = send(world, "get", f"{SOURCES}/api", None).json()
    again = {name: read[name] for name in body if name != "name"}
    put = send(world, "put", f"{SOURCES}/api", again)

    assert {name: made[name] for name in body} == {**body, "interval": "5400s"}
    assert (made["suspended"], made["status"]["ready"]) == (False, None)
    assert put.json() == read


def test_what_a_put_leaves_out_gets_its_default(world: World) -> None:
    answer = send(world, "put", WEB, {"url": URL}).json()

    assert (answer["path"], answer["secretRef"], answer["interval"]) == ("", None, "60s")
    assert answer["placement"] == {"clusterSelector": {}}


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
    answer = send(world, "delete", WEB + query, body)

    world.source.refresh_from_db()
    assert answer.status_code == 202
    assert (world.source.deletion_policy, world.source.delete_protected_kinds) == (
        policy,
        protected,
    )


@pytest.mark.parametrize("query", ["orphan=1", "orphan=", "protectedKinds=True"])
def test_an_option_that_is_neither_true_nor_false_deletes_nothing(query: str, world: World) -> None:
    answer = send(world, "delete", f"{WEB}?{query}", None)

    world.source.refresh_from_db()
    assert answer.status_code == 422
    assert world.source.deletion_requested_at is None


def test_a_source_that_is_being_deleted_is_not_changed(world: World) -> None:
    send(world, "delete", WEB, None)

    answer = send(world, "put", WEB, {"url": URL})

    assert answer.status_code == 409
    assert answer.json()["error"]["kind"] == "Conflict"
    assert sources.repository_of(world.source).url != URL
