"""Sources in the admin: one form for both rows, actions, deletion with its options."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from gitops.models import Kustomization
from gitops.operations import sources
from projects import ledger
from tests.integration import world as worlds
from tests.integration.staff import Staff, act_on, acts, messages

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return worlds.build()


@pytest.fixture
def boss(world: World) -> Staff:
    return Staff()


def test_one_form_makes_and_changes_both_rows_of_a_source(world: World, boss: Staff) -> None:
    given = {"url": "https://git.example/team/api", "interval": 30, "prune": "on"}
    placed = {"clusters": [{"name": "c1"}]}
    boss.post(
        "gitops/kustomization/add/",
        project=world.team.pk,
        name="api",
        branch="main",
        placement=json.dumps(placed),
        **given,
    )
    row = Kustomization.objects.get(name="api")
    made = sources.repository_of(row)
    boss.post(f"gitops/kustomization/{row.pk}/change/", tag="v1", path="./deploy", **given)
    row.refresh_from_db()
    changed = sources.repository_of(row)

    assert (made.url, made.branch, made.interval_seconds) == (given["url"], "main", 30)
    assert (changed.branch, changed.tag) == ("", "v1")
    assert (row.path, row.placement, row.prune) == ("deploy", {}, True)
    assert acts() == [
        f"{verb} {kind} api"
        for verb in ("create", "update")
        for kind in ("GitRepository", "Kustomization")
    ]


def test_the_form_of_a_source_shows_what_it_is(world: World, boss: Staff) -> None:
    answer = boss.client.get(f"/admin/gitops/kustomization/{world.source.pk}/change/")

    initial = answer.context["adminform"].form.initial
    assert initial["url"] == "https://git.example/team/web"
    assert (initial["secret_name"], initial["path"]) == ("git", "deploy")
    assert b"https://git.example/team/web" in answer.content


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "https://user:hunter2@git.example/x"}, "url"),
        ({"path": "../up"}, "path"),
        ({"branch": "a", "tag": "b"}, "branch"),
        ({"secret_name": "No Name"}, "secret_name"),
        ({"interval": "1"}, "interval"),
        ({"placement": '{"cluster": []}'}, "placement"),
        ({"placement": "[]"}, "placement"),
    ],
)
def test_a_bad_source_names_its_field(
    given: dict[str, str], field: str, world: World, boss: Staff
) -> None:
    good = {"project": world.team.pk, "name": "api", "url": "https://g.example/x", "interval": 60}

    answer = boss.post("gitops/kustomization/add/", **{**good, **given})

    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Kustomization.objects.filter(name="api").exists()


def test_the_actions_of_sources_are_operations(world: World, boss: Staff) -> None:
    soon = (timezone.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    row, where = worlds.make_source(world.team, "api"), "gitops/kustomization/"
    boss.post(where, **act_on(row, action="resume"))
    boss.post(where, **act_on(row, action="suspend", reason="debugging", until=soon))
    resting = row.suspensions.active().get()
    boss.post(where, **act_on(row, action="sync_now"))

    assert (resting.by, resting.reason) == ("boss", "debugging")
    assert resting.until is not None
    assert acts() == [f"{verb} Kustomization api" for verb in ("resume", "suspend", "sync")]


def test_an_action_that_is_refused_for_one_row_is_done_for_the_others(
    world: World, boss: Staff
) -> None:
    broken = worlds.make_source(world.team, "broken")
    with ledger.operation():
        sources.repository_of(broken).delete()

    answer = boss.post("gitops/kustomization/", **act_on(broken, world.source, action="sync_now"))

    assert "team/broken: sourceRef.name: there is no GitRepository" in messages(answer)
    assert "1 syncing" in messages(answer)
    assert acts() == ["sync Kustomization web"]


@pytest.mark.parametrize(
    ("until", "said"),
    [("2001-01-01T00:00", "has passed already"), ("soon", "want a date and time")],
)
def test_a_suspension_that_cannot_be_says_why(
    until: str, said: str, world: World, boss: Staff
) -> None:
    answer = boss.post(
        "gitops/kustomization/", **act_on(world.source, action="suspend", until=until)
    )

    assert said in messages(answer)
    assert acts() == []


@pytest.mark.parametrize(
    ("chosen", "policy", "protected"),
    [
        ({}, "Delete", False),
        ({"orphan": "on"}, "Orphan", False),
        ({"protected_kinds": "on"}, "Delete", True),
    ],
)
def test_deleting_a_source_is_a_request_with_its_options(
    chosen: dict[str, str], policy: str, protected: bool, world: World, boss: Staff
) -> None:
    answer = boss.post(f"gitops/kustomization/{world.source.pk}/delete/", post="yes", **chosen)

    world.source.refresh_from_db()
    assert world.source.deletion_requested_at is not None
    assert (world.source.deletion_policy, world.source.delete_protected_kinds) == (
        policy,
        protected,
    )
    assert "deletion requested" in messages(answer)
    assert acts() == ["request-deletion Kustomization web"]
