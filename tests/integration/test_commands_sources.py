"""`manage.py source`: what is written, what is shown, and how suspensions read."""

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


@pytest.mark.usefixtures("project")
def test_a_source_takes_every_option() -> None:
    ok(
        *("source", "add", "shop", "web", "--url", URL, "--tag", "v1", "--path", "deploy/web"),
        *("--secret", "git", "--interval", "30", "--no-prune", "--adopt"),
        *("--cluster", "east", "--cluster", "west"),
    )

    row, repository = Kustomization.objects.get(), GitRepository.objects.get()
    assert (repository.url, repository.branch, repository.tag) == (URL, "", "v1")
    assert (repository.secret_name, repository.interval_seconds) == ("git", 30)
    assert (row.path, row.prune, row.adopt) == ("deploy/web", False, True)
    assert row.placement == {"clusters": [{"name": "east"}, {"name": "west"}]}


@pytest.mark.usefixtures("project")
def test_a_source_goes_everywhere_and_prunes_unless_told_otherwise() -> None:
    ok("source", "add", "shop", "web", "--url", URL)

    row, repository = Kustomization.objects.get(), GitRepository.objects.get()
    assert (row.placement, row.prune, row.adopt, row.path) == (
        {"clusterSelector": {}},
        True,
        False,
        "",
    )
    assert (repository.branch, repository.secret_name, repository.interval_seconds) == ("", "", 60)


@pytest.mark.usefixtures("project")
def test_a_selector_is_made_of_labels() -> None:
    ok(
        "source",
        "add",
        "shop",
        "web",
        "--url",
        URL,
        "--selector",
        "region=east",
        "--selector",
        "tier=",
    )

    wanted = {"clusterSelector": {"matchLabels": {"region": "east", "tier": ""}}}
    assert Kustomization.objects.get().placement == wanted


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "options",
    [
        ("--branch", "main", "--tag", "v1"),
        ("--cluster", "east", "--selector", "a=b"),
        ("--selector", "no label"),
        ("--interval", "often"),
        ("--wait", "never"),
    ],
)
def test_options_that_make_no_sense_are_exit_code_2(options: tuple[str, ...]) -> None:
    assert run("source", "add", "shop", "web", "--url", URL, *options).code == 2
    assert not Kustomization.objects.exists()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--url", "git@git.example.com:shop.git"), "url"),
        (("--url", URL, "--branch", "--upload-pack=sh"), "ref"),
        (("--url", URL, "--path", "../up"), "path"),
        (("--url", URL, "--interval", "1"), "interval"),
        (("--url", URL, "--selector", "a=b", "--selector", "a=c"), "--selector"),
    ],
)
def test_a_wrong_value_is_told_by_its_field(options: tuple[str, ...], field: str) -> None:
    given = [f"{options[0]}={options[1]}", *_joined(options[2:])]

    ran = run("source", "add", "shop", "web", *given)

    assert ran.code == 1
    assert f"  field: {field}\n" in ran.err
    assert not Kustomization.objects.exists()


def _joined(words: tuple[str, ...]) -> list[str]:
    """--option=value, so that a value may begin with a dash."""
    return [f"{name}={value}" for name, value in zip(words[::2], words[1::2], strict=True)]


@pytest.mark.usefixtures("project")
def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    ran = run(
        "source", "add", "shop", "web", "--url", "https://robot:canary-31c@git.example.com/shop.git"
    )

    assert ran.code == 1
    assert "credentials go into a secret" in ran.err
    assert "canary-31c" not in ran.said


def test_set_changes_what_is_named_and_keeps_the_rest(source: Kustomization) -> None:
    ok("source", "set", "shop", "web", "--tag", "v2", "--no-prune")

    source.refresh_from_db()
    repository = sources.repository_of(source)
    assert (repository.branch, repository.tag, repository.url) == ("", "v2", URL)
    assert (repository.secret_name, source.prune, source.generation) == ("git", False, 2)


def test_set_takes_a_secret_away_and_widens_the_placement(source: Kustomization) -> None:
    ok("source", "set", "shop", "web", "--cluster", "east")
    ok("source", "set", "shop", "web", "--secret", "", "--everywhere")

    source.refresh_from_db()
    assert source.placement == {"clusterSelector": {}}
    assert sources.repository_of(source).secret_name == ""


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
