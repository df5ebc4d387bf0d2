"""Writes in the admin: each is one operation with an audit entry, and what is refused is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from gitops.models import Kustomization
from gitops.operations import sources
from projects import ledger
from projects.models import ApiToken, Attachment, AuditEntry, Cluster, Project, Secret
from projects.operations import clusters, secrets, tokens
from tests.fakes import kubeconfigs
from tests.integration import world as worlds
from tests.integration.world import CANARY, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return worlds.build()


@pytest.fixture
def client(world: World) -> Client:
    """A superuser at the admin."""
    client = Client()
    client.force_login(worlds.person("boss", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def post(client: Client) -> Callable[..., Any]:
    """Send a form, follow the redirect, give the answer."""

    def run(page: str, /, **data: Any) -> Any:
        return client.post(f"/admin/{page}", data, follow=True)

    return run


def _acts() -> list[str]:
    """What the superuser did, as the audit trail has it."""
    rows = AuditEntry.objects.filter(via="admin").order_by("id")
    assert all(row.actor == "boss" and row.source_ip == "127.0.0.1" for row in rows)
    return [f"{row.verb} {row.kind} {row.name}" for row in rows]


def _errors(answer: Any) -> str:
    """All that a form complains of."""
    return str(answer.context["errors"])


def _messages(answer: Any) -> str:
    return " | ".join(str(message) for message in answer.context["messages"])


def _act_on(*rows: Any, action: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}


def test_a_project_is_made_changed_and_removed(post: Callable[..., Any]) -> None:
    post("projects/project/add/", name="fresh", cluster_kinds="Namespace\n\nClusterRole.rbac\n")
    row = Project.objects.get(name="fresh")
    kinds = row.cluster_kinds
    post(f"projects/project/{row.pk}/change/", display_name="Fresh", description="new")
    changed = Project.objects.get(name="fresh")
    post(f"projects/project/{row.pk}/delete/", post="yes")

    assert kinds == ["ClusterRole.rbac", "Namespace"]
    assert (changed.display_name, changed.cluster_kinds) == ("Fresh", [])
    assert not Project.objects.filter(name="fresh").exists()
    assert _acts() == [f"{verb} Project fresh" for verb in ("create", "update", "delete")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "Bad Name"}, "is not a name"),
        ({"name": "kube-team"}, "belongs to Kubernetes"),
        ({"name": "team"}, "a project with name"),
    ],
)
def test_what_an_operation_refuses_is_an_error_of_the_form(
    data: dict[str, str], said: str, post: Callable[..., Any]
) -> None:
    answer = post("projects/project/add/", **data)

    assert answer.status_code == 200
    assert said in _errors(answer)
    assert _acts() == []


def test_a_project_in_use_stays_and_the_page_says_why(
    world: World, post: Callable[..., Any]
) -> None:
    answer = post(f"projects/project/{world.team.pk}/delete/", post="yes")

    assert "still has: Attachment" in _messages(answer)
    assert Project.objects.filter(pk=world.team.pk).exists()


def test_a_secret_is_made_replaced_and_deleted(world: World, post: Callable[..., Any]) -> None:
    given = {"project": world.team.pk, "type": "Opaque"}
    post("projects/secret/add/", name="login", username="robot", password=" hunter2 ", **given)
    row = Secret.objects.get(name="login")
    first = secrets.open_payload(row)
    post(f"projects/secret/{row.pk}/change/", payload=json.dumps({"key": "value"}))
    second = secrets.open_payload(Secret.objects.get(name="login"))
    post(f"projects/secret/{row.pk}/delete/", post="yes")

    assert first == {"username": "robot", "password": " hunter2 "}
    assert second == {"key": "value"}
    assert not Secret.objects.filter(name="login").exists()
    assert _acts() == [f"{verb} Secret login" for verb in ("create", "replace", "delete")]


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
    typed: dict[str, str], world: World, post: Callable[..., Any]
) -> None:
    answer = post(
        "projects/secret/add/", name="login", type="Opaque", project=world.team.pk, **typed
    )

    assert answer.context["errors"]
    assert CANARY not in answer.content.decode()


def test_a_cluster_is_registered_by_text_and_by_file_and_given_another_kubeconfig(
    post: Callable[..., Any],
) -> None:
    file = SimpleUploadedFile("config", kubeconfigs.text(token="uploaded").encode())
    post("projects/cluster/add/", name="east", labels="tier=prod", kubeconfig=kubeconfigs.text())
    post("projects/cluster/add/", name="west", kubeconfig_file=file)
    east, west = Cluster.objects.get(name="east"), Cluster.objects.get(name="west")
    post(f"projects/cluster/{east.pk}/change/", kubeconfig=kubeconfigs.text(token="another"))
    replaced = clusters.credential(Cluster.objects.get(name="east"))
    post(f"projects/cluster/{west.pk}/delete/", post="yes")

    assert (east.labels, east.server) == ({"tier": "prod"}, "https://cluster.example:6443")
    assert clusters.credential(west) == {"token": "uploaded"}
    assert replaced == {"token": "another"}
    assert not Cluster.objects.filter(name="west").exists()
    assert _acts() == [
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
    given: dict[str, Any], said: str, post: Callable[..., Any]
) -> None:
    files = {
        name: SimpleUploadedFile("config", value)
        for name, value in given.items()
        if isinstance(value, bytes)
    }

    answer = post("projects/cluster/add/", name="east", **{**given, **files})

    assert said in _errors(answer)
    assert not Cluster.objects.filter(name="east").exists()


def test_a_cluster_in_use_stays(post: Callable[..., Any]) -> None:
    row = Cluster.objects.get(name="c1")

    answer = post(f"projects/cluster/{row.pk}/delete/", post="yes")

    assert "detach it first" in _messages(answer)
    assert Cluster.objects.get(name="c1").removed_at is None


def test_a_cluster_is_attached_and_asked_to_leave(world: World, post: Callable[..., Any]) -> None:
    spare = Cluster.objects.get(name="spare")
    post("projects/attachment/add/", project=world.team.pk, cluster=spare.pk, adopt_namespace="on")
    row = Attachment.objects.get(cluster=spare)
    again = post("projects/attachment/add/", project=world.team.pk, cluster=spare.pk)
    post(f"projects/attachment/{row.pk}/delete/", post="yes")

    row.refresh_from_db()
    assert row.adopt_namespace
    assert row.detach_requested_at is not None
    assert "attached to project" in _errors(again)
    assert _acts() == ["attach Attachment team/spare", "detach Attachment team/spare"]


def test_one_form_makes_and_changes_both_rows_of_a_source(
    world: World, post: Callable[..., Any]
) -> None:
    given = {"url": "https://git.example/team/api", "interval": 30, "prune": "on"}
    placed = {"clusters": [{"name": "c1"}]}
    post(
        "gitops/kustomization/add/",
        project=world.team.pk,
        name="api",
        branch="main",
        placement=json.dumps(placed),
        **given,
    )
    row = Kustomization.objects.get(name="api")
    made = sources.repository_of(row)
    post(f"gitops/kustomization/{row.pk}/change/", tag="v1", path="./deploy", **given)
    row.refresh_from_db()
    changed = sources.repository_of(row)

    assert (made.url, made.branch, made.interval_seconds) == (given["url"], "main", 30)
    assert (changed.branch, changed.tag) == ("", "v1")
    assert (row.path, row.placement, row.prune) == ("deploy", {}, True)
    assert _acts() == [
        f"{verb} {kind} api"
        for verb in ("create", "update")
        for kind in ("GitRepository", "Kustomization")
    ]


def test_the_form_of_a_source_shows_what_it_is(world: World, client: Client) -> None:
    answer = client.get(f"/admin/gitops/kustomization/{world.source.pk}/change/")

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
    given: dict[str, str], field: str, world: World, post: Callable[..., Any]
) -> None:
    good = {"project": world.team.pk, "name": "api", "url": "https://g.example/x", "interval": 60}

    answer = post("gitops/kustomization/add/", **{**good, **given})

    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Kustomization.objects.filter(name="api").exists()


def test_the_actions_of_sources_are_operations(world: World, post: Callable[..., Any]) -> None:
    soon = (timezone.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    row, where = worlds.make_source(world.team, "api"), "gitops/kustomization/"
    post(where, **_act_on(row, action="resume"))
    post(where, **_act_on(row, action="suspend", reason="debugging", until=soon))
    resting = row.suspensions.active().get()
    post(where, **_act_on(row, action="sync_now"))

    assert (resting.by, resting.reason) == ("boss", "debugging")
    assert resting.until is not None
    assert _acts() == [f"{verb} Kustomization api" for verb in ("resume", "suspend", "sync")]


def test_an_action_that_is_refused_for_one_row_is_done_for_the_others(
    world: World, post: Callable[..., Any]
) -> None:
    broken = worlds.make_source(world.team, "broken")
    with ledger.operation():
        sources.repository_of(broken).delete()

    answer = post("gitops/kustomization/", **_act_on(broken, world.source, action="sync_now"))

    assert "team/broken: sourceRef.name: there is no GitRepository" in _messages(answer)
    assert "1 syncing" in _messages(answer)
    assert _acts() == ["sync Kustomization web"]


@pytest.mark.parametrize(
    ("until", "said"),
    [("2001-01-01T00:00", "has passed already"), ("soon", "want a date and time")],
)
def test_a_suspension_that_cannot_be_says_why(
    until: str, said: str, world: World, post: Callable[..., Any]
) -> None:
    answer = post("gitops/kustomization/", **_act_on(world.source, action="suspend", until=until))

    assert said in _messages(answer)
    assert _acts() == []


@pytest.mark.parametrize(
    ("chosen", "policy", "protected"),
    [
        ({}, "Delete", False),
        ({"orphan": "on"}, "Orphan", False),
        ({"protected_kinds": "on"}, "Delete", True),
    ],
)
def test_deleting_a_source_is_a_request_with_its_options(
    chosen: dict[str, str], policy: str, protected: bool, world: World, post: Callable[..., Any]
) -> None:
    answer = post(f"gitops/kustomization/{world.source.pk}/delete/", post="yes", **chosen)

    world.source.refresh_from_db()
    assert world.source.deletion_requested_at is not None
    assert (world.source.deletion_policy, world.source.delete_protected_kinds) == (
        policy,
        protected,
    )
    assert "deletion requested" in _messages(answer)
    assert _acts() == ["request-deletion Kustomization web"]


def test_deleting_selected_rows_asks_first_and_says_for_which_it_was_refused(
    world: World, post: Callable[..., Any]
) -> None:
    empty = worlds.projects.create(name="empty", actor=worlds.access.system(), now=timezone.now())
    chosen = _act_on(world.team, empty, action="delete_selected")

    asked = post("projects/project/", **chosen)
    done = post("projects/project/", post="yes", **chosen)

    assert "Are you sure" in asked.content.decode()
    assert "team: project 'team' still has" in _messages(done)
    assert "1 deleted" in _messages(done)
    assert list(Project.objects.values_list("name", flat=True)) == ["other", "team"]
    assert _acts() == ["delete Project empty"]


def test_a_token_is_shown_once_and_can_be_revoked(client: Client, post: Callable[..., Any]) -> None:
    user = User.objects.get(username="viewer")
    answer = post("projects/apitoken/add/", user=user.pk, name="ci", scope="sync")
    text = answer.context["text"]
    token = ApiToken.objects.get(name="ci")
    later = client.get(f"/admin/projects/apitoken/{token.pk}/change/").content.decode()
    listed = client.get("/admin/projects/apitoken/").content.decode()
    found = tokens.find(text, now=timezone.now())
    post("projects/apitoken/", **_act_on(token, action="revoke"))

    assert text in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert text not in later + listed
    assert token.digest not in later + listed
    assert found == token
    assert tokens.find(text, now=timezone.now()) is None
    assert [act.split()[0] for act in _acts()] == ["create-token", "revoke-token"]


def test_texts_of_people_are_inert_on_the_pages(world: World, client: Client) -> None:
    script = '"><script>alert(1)</script>'
    worlds.projects.update(
        project=world.team,
        display_name=script,
        description=script,
        actor=worlds.access.system(),
        now=timezone.now(),
    )

    pages = ["/admin/projects/project/", f"/admin/projects/project/{world.team.pk}/change/"]
    shown = [client.get(page).content.decode() for page in pages]

    assert all(script not in page and "&lt;script&gt;" in page for page in shown)
