"""Secrets and clusters by REST: the ways to give what opens a repository or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects.models import Cluster, Secret
from projects.operations import clusters, secrets
from tests.fakes import kubeconfigs
from tests.integration import world as worlds
from tests.integration.calls import refused, send

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db


SECRETS = "projects/team/secrets"


@pytest.fixture
def world() -> World:
    return worlds.build()


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
    made = send(world, "post", SECRETS, {"name": "more", **way})

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
    answer = send(world, "post", SECRETS, {"name": "more", **way})

    assert answer.status_code == 422
    assert not Secret.objects.filter(name="more").exists()


def test_a_cluster_is_registered_by_kubeconfig_or_by_values(world: World) -> None:
    ca = kubeconfigs.authority().pem
    values = {"server": "https://c.example", "ca": ca, "token": "by-values"}
    by_file = {"kubeconfig": kubeconfigs.text(token="by-file"), "labels": {"tier": "prod"}}

    codes = [
        send(world, "post", "clusters", {"name": name, **way}).status_code
        for name, way in (("east", by_file), ("west", values))
    ]
    replaced = send(world, "patch", "clusters/east", values)

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
    answer = send(world, "post", "clusters", {"name": "east", **way})

    assert refused(answer) == [field]
    assert not Cluster.objects.filter(name="east").exists()
