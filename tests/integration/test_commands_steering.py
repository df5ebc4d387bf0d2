"""`manage.py source`: suspend, resume, sync, confirm, delete, and what is shown of it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from federation.management import cli
from gitops.models import GitRepository, Kustomization, Suspension
from gitops.operations import sources
from projects import ledger
from projects.operations import events
from tests import factories
from tests.factories import NOW
from tests.fakes.command_line import ok, run

if TYPE_CHECKING:
    from projects.models import Project

pytestmark = pytest.mark.django_db

URL = "https://git.example.com/shop.git"


@pytest.fixture
def project() -> Project:
    return factories.project("shop")


@pytest.fixture
def source(project: Project) -> Kustomization:
    return factories.source(project, "web", url=URL, branch="release", secret_name="git")


def test_a_suspension_says_who_why_and_until_when(source: Kustomization) -> None:
    ok("source", "suspend", "shop", "web", "--reason", "migration", "--for", "1h30m")

    row = Suspension.objects.get()
    assert (row.cluster_name, row.reason, row.by.startswith("cli:")) == ("", "migration", True)
    assert row.until is not None
    left = row.until - cli.now()
    assert timedelta(minutes=89) < left <= timedelta(minutes=90)
    assert re.search(
        r"Suspended: +everywhere by cli:\w+ since \S+ until \S+: migration",
        ok("source", "status", "shop", "web"),
    )


def test_a_suspension_may_end_at_a_named_moment(source: Kustomization) -> None:
    ok("source", "suspend", "shop", "web", "--until", "2099-01-31T18:00+01:00")

    assert Suspension.objects.get().until == datetime(2099, 1, 31, 17, tzinfo=UTC)


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--until", "2099-01-31T18:00"),
        ("--until", "tomorrow"),
        ("--for", "30"),
        ("--for", "0s"),
        ("--for", ""),
        ("--for", "9" * 400 + "d"),
    ],
    ids=["no offset", "no date", "no unit", "no time", "nothing", "no end of digits"],
)
def test_a_time_that_could_be_read_in_two_ways_is_exit_code_2(option: str, value: str) -> None:
    assert run("source", "suspend", "shop", "web", option, value).code == 2
    assert not Suspension.objects.exists()


def test_a_moment_that_has_passed_is_told_by_its_field(source: Kustomization) -> None:
    ran = run("source", "suspend", "shop", "web", "--until", "2020-01-01T00:00Z")

    assert ran.code == 1
    assert "  field: until\n" in ran.err


def test_suspend_and_resume_of_one_cluster_leave_the_others(source: Kustomization) -> None:
    for name in ("east", "west"):
        factories.attachment(source.project, factories.cluster(name))
    ok("source", "suspend", "shop", "web", "--cluster", "east", "--cluster", "west")

    ok("source", "resume", "shop", "web", "--cluster", "east")

    assert [row.cluster_name for row in source.suspensions.active()] == ["west"]
    (listed,) = json.loads(ok("source", "list", "shop", "-o", "json"))
    assert (listed["suspended"], [each["cluster"] for each in listed["suspensions"]]) == (
        False,
        ["west"],
    )


def test_a_cluster_that_is_not_attached_cannot_be_suspended(source: Kustomization) -> None:
    ran = run("source", "suspend", "shop", "web", "--cluster", "nowhere")

    assert ran.code == 1
    assert "'nowhere' is not attached to the project" in ran.err


def test_sync_asks_for_everything_again(source: Kustomization) -> None:
    before = GitRepository.objects.get().wanted_generation

    ok("source", "sync", "shop", "web")

    assert GitRepository.objects.get().wanted_generation == before + 1


def test_a_prune_that_does_not_wait_cannot_be_confirmed(source: Kustomization) -> None:
    ran = run("source", "confirm-prune", "shop", "web", "4f2c9d1")

    assert ran.code == 1
    assert "none does" in ran.err


@pytest.mark.parametrize(
    ("options", "policy", "protected"),
    [
        ((), "Delete", False),
        (("--orphan",), "Orphan", False),
        (("--with-protected-kinds",), "Delete", True),
    ],
)
def test_a_deletion_is_asked_for_as_chosen(
    source: Kustomization, options: tuple[str, ...], policy: str, protected: bool
) -> None:
    ok("source", "delete", "shop", "web", *options)

    source.refresh_from_db()
    assert source.deletion_requested_at is not None
    assert (source.deletion_policy, source.delete_protected_kinds) == (policy, protected)
    assert "Deleting:   yes" in ok("source", "status", "shop", "web")


def test_status_as_json_has_everything_and_as_text_fits_people(source: Kustomization) -> None:
    _warn(source, "the branch \x1b[31mrelease\nis not there")

    found = json.loads(ok("source", "status", "shop", "web", "-o", "json"))
    text = ok("source", "status", "shop", "web")

    assert (found["source"]["url"], found["source"]["ref"], found["source"]["ready"]) == (
        URL,
        "release",
        None,
    )
    assert found["events"][0]["reason"] == "RefNotFound"
    assert f"Repository: {URL}" in text
    assert "Ready:      unknown" in text
    assert re.search(r"Warning +RefNotFound +- +1 +the branch \[31mrelease is not there", text)


def test_events_of_the_repository_are_events_of_the_source(source: Kustomization) -> None:
    _warn(sources.repository_of(source), "no such branch")

    assert "no such branch" in ok("source", "events", "shop", "web")


def test_nothing_deployed_yet_is_an_empty_table(source: Kustomization) -> None:
    for action in ("deployments", "objects"):
        assert len(ok("source", action, "shop", "web").splitlines()) == 1
        assert json.loads(ok("source", action, "shop", "web", "-o", "json")) == []


def test_objects_of_a_cluster_that_is_not_there_are_an_error(source: Kustomization) -> None:
    assert run("source", "objects", "shop", "web", "--cluster", "nowhere").code == 1


def _warn(row: Any, message: str) -> None:
    events.record(
        project=row.project,
        kind=type(row).__name__,
        uid=row.uid,
        name=row.name,
        reason="RefNotFound",
        message=message,
        now=NOW,
        warning=True,
    )


def test_suspended_by_its_spec_is_said_so(source: Kustomization) -> None:
    with ledger.operation():
        Kustomization.objects.update(suspend=True)

    assert "Suspended:  by its spec" in ok("source", "status", "shop", "web")
