"""Writes in the admin: each is one operation with an audit entry, and what is refused is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from projects.models import ApiToken, Project, Secret
from projects.operations import secrets, tokens
from tests.integration import world as worlds
from tests.integration.staff import Staff, act_on, acts, errors, messages
from tests.integration.world import CANARY

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return worlds.build()


@pytest.fixture
def boss(world: World) -> Staff:
    return Staff()


def test_a_project_is_made_changed_and_removed(boss: Staff) -> None:
    boss.post(
        "projects/project/add/", name="fresh", cluster_kinds="Namespace\n\nClusterRole.rbac\n"
    )
    row = Project.objects.get(name="fresh")
    kinds = row.cluster_kinds
    boss.post(f"projects/project/{row.pk}/change/", display_name="Fresh", description="new")
    changed = Project.objects.get(name="fresh")
    boss.post(f"projects/project/{row.pk}/delete/", post="yes")

    assert kinds == ["ClusterRole.rbac", "Namespace"]
    assert (changed.display_name, changed.cluster_kinds) == ("Fresh", [])
    assert not Project.objects.filter(name="fresh").exists()
    assert acts() == [f"{verb} Project fresh" for verb in ("create", "update", "delete")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "Bad Name"}, "is not a name"),
        ({"name": "kube-team"}, "belongs to Kubernetes"),
        ({"name": "team"}, "a project with name"),
    ],
)
def test_what_an_operation_refuses_is_an_error_of_the_form(
    data: dict[str, str], said: str, boss: Staff
) -> None:
    answer = boss.post("projects/project/add/", **data)

    assert answer.status_code == 200
    assert said in errors(answer)
    assert acts() == []


def test_a_project_in_use_stays_and_the_page_says_why(world: World, boss: Staff) -> None:
    answer = boss.post(f"projects/project/{world.team.pk}/delete/", post="yes")

    assert "still has: Attachment" in messages(answer)
    assert Project.objects.filter(pk=world.team.pk).exists()


def test_a_secret_is_made_replaced_and_deleted(world: World, boss: Staff) -> None:
    given = {"project": world.team.pk, "type": "Opaque"}
    boss.post("projects/secret/add/", name="login", username="robot", password=" hunter2 ", **given)
    row = Secret.objects.get(name="login")
    first = secrets.open_payload(row)
    boss.post(f"projects/secret/{row.pk}/change/", payload=json.dumps({"key": "value"}))
    second = secrets.open_payload(Secret.objects.get(name="login"))
    boss.post(f"projects/secret/{row.pk}/delete/", post="yes")

    assert first == {"username": "robot", "password": " hunter2 "}
    assert second == {"key": "value"}
    assert not Secret.objects.filter(name="login").exists()
    assert acts() == [f"{verb} Secret login" for verb in ("create", "replace", "delete")]


@pytest.mark.parametrize(
    "typed",
    [
        {"payload": f'{{"key": "{CANARY}"'},
        {"payload": f'["{CANARY}"]'},
        {"payload": f'{{"key": "{CANARY}"}}', "username": "robot"},
        {"password": CANARY},
        {"payload": f'{{"key": ["{CANARY}"]}}'},
    ],
)
def test_a_refused_secret_is_not_sent_back(
    typed: dict[str, str], world: World, boss: Staff
) -> None:
    answer = boss.post(
        "projects/secret/add/", name="login", type="Opaque", project=world.team.pk, **typed
    )

    assert answer.context["errors"]
    assert CANARY not in answer.content.decode()


def test_deleting_selected_rows_asks_first_and_says_for_which_it_was_refused(
    world: World, boss: Staff
) -> None:
    empty = worlds.projects.create(name="empty", actor=worlds.access.system(), now=timezone.now())
    chosen = act_on(world.team, empty, action="delete_selected")

    asked = boss.post("projects/project/", **chosen)
    done = boss.post("projects/project/", post="yes", **chosen)

    assert "Are you sure" in asked.content.decode()
    assert "team: project 'team' still has" in messages(done)
    assert "1 deleted" in messages(done)
    assert list(Project.objects.values_list("name", flat=True)) == ["other", "team"]
    assert acts() == ["delete Project empty"]


def test_a_token_is_shown_once_and_can_be_revoked(boss: Staff) -> None:
    user = User.objects.get(username="viewer")
    answer = boss.post("projects/apitoken/add/", user=user.pk, name="ci", scope="sync")
    text = answer.context["text"]
    token = ApiToken.objects.get(name="ci")
    later = boss.client.get(f"/admin/projects/apitoken/{token.pk}/change/").content.decode()
    listed = boss.client.get("/admin/projects/apitoken/").content.decode()
    found = tokens.find(text, now=timezone.now())
    boss.post("projects/apitoken/", **act_on(token, action="revoke"))

    assert text in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert text not in later + listed
    assert token.digest not in later + listed
    assert found == token
    assert tokens.find(text, now=timezone.now()) is None
    assert [act.split()[0] for act in acts()] == ["create-token", "revoke-token"]


def test_texts_of_people_are_inert_on_the_pages(world: World, boss: Staff) -> None:
    script = '"><script>alert(1)</script>'
    worlds.projects.update(
        project=world.team,
        display_name=script,
        description=script,
        actor=worlds.access.system(),
        now=timezone.now(),
    )

    pages = ["/admin/projects/project/", f"/admin/projects/project/{world.team.pk}/change/"]
    shown = [boss.client.get(page).content.decode() for page in pages]

    assert all(script not in page and "&lt;script&gt;" in page for page in shown)
