"""`manage.py project`, `token`, `audit`, `verify_audit`: what they write and show."""

from __future__ import annotations

import getpass
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User

from federation.management import cli
from projects.models import ApiToken, AuditEntry, Project
from projects.operations import tokens
from tests import factories
from tests.fakes.command_line import ok, run

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def test_a_project_is_made_listed_and_removed() -> None:
    ok("project", "create", "shop", "--namespace", "shop-prod", "--display-name", "The shop")
    listed = json.loads(ok("project", "list", "-o", "json"))
    ok("project", "delete", "shop")

    assert [(row["name"], row["namespace"], row["display_name"]) for row in listed] == [
        ("shop", "shop-prod", "The shop")
    ]
    assert not Project.objects.exists()


def test_a_project_may_be_given_cluster_scoped_kinds() -> None:
    kinds = ["PriorityClass.scheduling.k8s.io", "ClusterRole.rbac.authorization.k8s.io"]

    ok(
        "project",
        "create",
        "ops",
        *(word for kind in kinds for word in ("--allow-cluster-kind", kind)),
    )

    assert Project.objects.get().cluster_kinds == sorted(kinds)


def test_the_actor_is_the_user_of_the_operating_system() -> None:
    ok("project", "create", "shop")

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.via) == (f"cli:{getpass.getuser()}", "cli")


def test_an_error_names_the_field_and_what_to_do_next() -> None:
    ran = run("project", "create", "Shop")

    assert ran.code == 1
    assert ran.out == ""
    first, field, following = ran.err.splitlines()
    assert first.startswith("error: name: 'Shop' is not a name")
    assert field == "  field: name"
    assert following.startswith("  next: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("project", "delete", "shop"),
        ("secret", "list", "shop"),
        ("source", "list", "shop"),
        ("source", "status", "shop", "web"),
        ("source", "sync", "shop", "web"),
        ("cluster", "remove", "east"),
        ("cluster", "attach", "east", "shop"),
        ("cluster", "write-off", "east", "shop", "web"),
        ("token", "list", "ada"),
        ("token", "revoke", "7"),
        ("reconcile", "shop", "web"),
        ("audit", "--project", "shop"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_what_is_not_there_is_exit_code_1(arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)

    assert ran.code == 1
    assert re.match(r"error: .*(not found|owes nothing)", ran.err)


def test_a_table_is_aligned_and_says_nothing_with_a_dash() -> None:
    factories.project("shop", display_name="The shop")
    factories.project("a-much-longer-name")

    head, longer, shop = ok("project", "list").splitlines()

    assert head.index("NAMESPACE") == longer.index("a-much", 1) == shop.index("shop", 1)
    assert longer.endswith("-")
    assert shop.endswith("The shop")


def test_a_table_holds_no_control_characters() -> None:
    factories.project("shop", display_name="red \x1b[31m alert\r\n\u202eforged")

    out = ok("project", "list")

    assert len(out.splitlines()) == 2
    assert not re.search("[\x1b\r\u202e]", out)


def test_a_token_is_the_only_thing_on_stdout_and_works() -> None:
    user = User.objects.create_user("ada")
    factories.project("shop")

    ran = run(
        "token", "create", "ada", "ci", "--scope", "sync", "--project", "shop", "--expires-in", "90"
    )

    now = cli.now()
    found = tokens.find(ran.out.strip(), now=now)
    assert found is not None
    assert (found.user, found.name, found.scope, found.project.name) == (user, "ci", "sync", "shop")
    assert timedelta(days=89) < found.expires_at - now <= timedelta(days=90)
    assert "once" in ran.err


def test_a_token_is_listed_without_its_text_and_revoked() -> None:
    User.objects.create_user("ada")
    text = ok("token", "create", "ada", "ci").strip()

    (row,) = json.loads(ok("token", "list", "ada", "-o", "json"))
    table = ok("token", "list", "ada")
    ok("token", "revoke", str(row["id"]))

    assert (row["scope"], row["expires_at"], row["revoked_at"]) == ("read", None, None)
    assert text not in table + json.dumps(row)
    assert tokens.find(text, now=cli.now()) is None
    assert ApiToken.objects.get().revoked_at is not None


def test_the_audit_trail_is_shown_newest_first_and_by_project() -> None:
    ok("project", "create", "shop")
    ok("project", "create", "other")
    ok("project", "delete", "shop")

    everything = json.loads(ok("audit", "-o", "json"))
    of_shop = json.loads(ok("audit", "--project", "shop", "-o", "json"))

    assert [(row["verb"], row["name"]) for row in everything] == [
        ("delete", "shop"),
        ("create", "other"),
        ("create", "shop"),
    ]
    assert [row["verb"] for row in of_shop] == ["delete", "create"]
    assert len(ok("audit", "--limit", "1").splitlines()) == 2


def test_a_trail_that_holds_is_exit_code_0() -> None:
    ok("project", "create", "shop")

    assert ok("verify_audit").startswith("1 entries hold; checkpoint 1:")


def _change(entry: Any) -> None:
    AuditEntry.objects.filter(pk=entry.pk).update(actor="nobody")


def _remove(entry: Any) -> None:
    AuditEntry.objects.filter(pk=entry.pk).delete()


@pytest.mark.parametrize(
    ("tamper", "which", "said"),
    [
        (_change, 1, "1 entries hold, then entry {1} does not"),
        (_remove, 1, "1 entries hold, then entry {2} does not"),
        (_remove, 2, "2 entries hold, then entries are missing at the end"),
    ],
    ids=["changed", "taken out", "cut off at the end"],
)
def test_a_forged_trail_is_exit_code_1_and_names_the_first_broken_entry(
    forge: Callable[[Callable[[], Any]], Any], tamper: Callable[[Any], None], which: int, said: str
) -> None:
    for name in ("one", "two", "three"):
        ok("project", "create", name)
    entries = list(AuditEntry.objects.order_by("id"))

    forge(lambda: tamper(entries[which]))
    ran = run("verify_audit")

    assert ran.code == 1
    assert said.format(*(entry.pk for entry in entries)) in ran.err
