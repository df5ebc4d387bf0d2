"""`manage.py secret`: values come from files and standard input, and never go out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops.git.credentials import Credentials
from projects import queries
from projects.operations import secrets
from tests import factories
from tests.factories import ROOT
from tests.fakes.command_line import ok, run
from tests.fakes.kubeconfigs import authority

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db

CANARY = "canary-5b1c7a40e9"


def payload(name: str = "git") -> dict[str, str]:
    return secrets.open_payload(queries.secret(actor=ROOT, project_name="shop", name=name))


def test_a_password_comes_from_standard_input_without_its_line_break() -> None:
    factories.project("shop")

    ok(
        "secret",
        "create",
        "shop",
        "git",
        "--username",
        "robot",
        "--password-stdin",
        stdin=f"{CANARY}\r\n",
    )

    assert payload() == {"username": "robot", "password": CANARY}


def test_a_token_and_the_authority_of_the_server_make_a_secret_git_can_use(tmp_path: Path) -> None:
    factories.project("shop")
    ca = tmp_path / "ca.pem"
    ca.write_text(authority().pem)

    ok("secret", "create", "shop", "git", "--token-stdin", "--ca-file", str(ca), stdin=CANARY)

    found = Credentials.from_secret(payload())
    assert (found.bearer_token, found.ca_pem.strip()) == (CANARY, authority().pem.strip())


def test_files_keep_their_bytes(tmp_path: Path) -> None:
    factories.project("shop")
    file = tmp_path / "value"
    file.write_bytes(b"line\r\n\n")

    ok(
        "secret",
        "create",
        "shop",
        "git",
        "--from-file",
        f"any.key={file}",
        "--from-file",
        f"two={file}",
    )

    assert payload() == {"any.key": "line\r\n\n", "two": "line\r\n\n"}


@pytest.mark.parametrize(
    ("options", "stdin", "said"),
    [
        (("--username", "robot", "--password-stdin"), "", "nothing came on standard input"),
        (("--username", "a:b", "--password-stdin"), CANARY, "colon"),
        (("--username", "robot", "--password-stdin"), f"{CANARY}\ntwo", "line break"),
        (("--from-file", "k={folder}/nothing"), "", "/nothing': No such file"),
        (("--from-file", "k={folder}/binary"), "", "not UTF-8"),
        (("--ca-file", "{folder}/text"), "", "not a list of PEM certificates"),
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_before_it_is_kept(
    tmp_path: Path, options: tuple[str, ...], stdin: str, said: str
) -> None:
    project = factories.project("shop")
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    given = [option.format(folder=tmp_path) for option in options]

    ran = run("secret", "create", "shop", "git", *given, stdin=stdin)

    assert ran.code == 1
    assert said in ran.err
    assert CANARY not in ran.said
    assert not project.secrets.exists()


@pytest.mark.parametrize(
    "options",
    [(), ("--username", "robot"), ("--password-stdin",), ("--token-stdin", "--from-file", "a=b")],
)
def test_options_of_a_secret_that_do_not_go_together_are_exit_code_2(
    options: tuple[str, ...],
) -> None:
    factories.project("shop")

    assert run("secret", "create", "shop", "git", *options).code == 2


def test_a_secret_is_replaced_whole_and_deleted() -> None:
    project = factories.project("shop")
    factories.secret(project, username="robot", password="old", extra="gone")

    ok("secret", "replace", "shop", "git", "--token-stdin", stdin=CANARY)
    replaced = payload()
    ok("secret", "delete", "shop", "git")

    assert replaced == {"bearerToken": CANARY}
    assert not project.secrets.exists()


def test_no_secret_value_is_ever_shown_again() -> None:
    project = factories.project("shop")
    made = run(
        "secret", "create", "shop", "git", "--username", "robot", "--password-stdin", stdin=CANARY
    )
    factories.source(project, "web", secret_name="git")

    reads = [
        ("secret", "list", "shop"),
        ("source", "list", "shop"),
        ("source", "status", "shop", "web"),
        ("source", "events", "shop", "web"),
        ("audit",),
    ]
    seen = [ok(*read, "-o", output) for read in reads for output in ("table", "json")]

    assert "password" in seen[0]
    assert CANARY not in "".join([made.said, *seen])
