"""`manage.py source`: what is written, what is shown, and how suspensions read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops.models import GitRepository, Kustomization
from gitops.operations import sources
from tests import factories
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
