"""Clusters in the admin: registered, attached, replaced, removed by operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from projects.models import Attachment, Cluster
from projects.operations import clusters
from tests.fakes import kubeconfigs
from tests.integration import world as worlds
from tests.integration.staff import Staff, acts, errors, messages

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return worlds.build()


@pytest.fixture
def boss(world: World) -> Staff:
    return Staff()


def test_a_cluster_is_registered_by_text_and_by_file_and_given_another_kubeconfig(
    boss: Staff,
) -> None:
    file = SimpleUploadedFile("config", kubeconfigs.text(token="uploaded").encode())
    boss.post(
        "projects/cluster/add/", name="east", labels="tier=prod", kubeconfig=kubeconfigs.text()
    )
    boss.post("projects/cluster/add/", name="west", kubeconfig_file=file)
    east, west = Cluster.objects.get(name="east"), Cluster.objects.get(name="west")
    boss.post(f"projects/cluster/{east.pk}/change/", kubeconfig=kubeconfigs.text(token="another"))
    replaced = clusters.credential(Cluster.objects.get(name="east"))
    boss.post(f"projects/cluster/{west.pk}/delete/", post="yes")

    assert (east.labels, east.server) == ({"tier": "prod"}, "https://cluster.example:6443")
    assert clusters.credential(west) == {"token": "uploaded"}
    assert replaced == {"token": "another"}
    assert not Cluster.objects.filter(name="west").exists()
    assert acts() == [
        "register Cluster east",
        "register Cluster west",
        "replace-credential Cluster east",
        "remove Cluster west",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Give a kubeconfig"),
        ({"kubeconfig": "{"}, "YAML"),
        ({"kubeconfig": kubeconfigs.spoiled("user", "exec", {})}, "programs are not run"),
        ({"kubeconfig": kubeconfigs.text(), "context": "none"}, "no context"),
        ({"kubeconfig_file": b"\xff\xfe"}, "not text in UTF-8"),
        ({"kubeconfig_file": kubeconfigs.text(server="http://x").encode()}, "https://"),
    ],
)
def test_a_bad_kubeconfig_is_an_error_of_the_form(
    given: dict[str, Any], said: str, boss: Staff
) -> None:
    files = {
        name: SimpleUploadedFile("config", value)
        for name, value in given.items()
        if isinstance(value, bytes)
    }

    answer = boss.post("projects/cluster/add/", name="east", **{**given, **files})

    assert said in errors(answer)
    assert not Cluster.objects.filter(name="east").exists()


def test_a_cluster_in_use_stays(boss: Staff) -> None:
    row = Cluster.objects.get(name="c1")

    answer = boss.post(f"projects/cluster/{row.pk}/delete/", post="yes")

    assert "detach it first" in messages(answer)
    assert Cluster.objects.get(name="c1").removed_at is None


def test_a_cluster_is_attached_and_asked_to_leave(world: World, boss: Staff) -> None:
    spare = Cluster.objects.get(name="spare")
    boss.post(
        "projects/attachment/add/", project=world.team.pk, cluster=spare.pk, adopt_namespace="on"
    )
    row = Attachment.objects.get(cluster=spare)
    again = boss.post("projects/attachment/add/", project=world.team.pk, cluster=spare.pk)
    boss.post(f"projects/attachment/{row.pk}/delete/", post="yes")

    row.refresh_from_db()
    assert row.adopt_namespace
    assert row.detach_requested_at is not None
    assert "attached to project" in errors(again)
    assert acts() == ["attach Attachment team/spare", "detach Attachment team/spare"]
