"""`manage.py init`, and what every command does before and after it, by real child processes."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fakes.command_line import MANAGE, Hub

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "a-long-passphrase-of-ada"


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """A hub just after `init --admin ada`, to copy."""
    hub = Hub(folder=tmp_path_factory.mktemp("hub"))
    hub.ok("init", "--admin", "ada", "--password-stdin", stdin=f"{PASSWORD}\n")
    return hub


@pytest.fixture
def fresh(tmp_path: Path) -> Hub:
    """A hub before init."""
    return Hub(folder=tmp_path / "hub")


@pytest.fixture
def hub(initialised: Hub, tmp_path: Path) -> Hub:
    """A hub of its own, after init."""
    shutil.copytree(initialised.folder, tmp_path / "hub")
    return Hub(folder=tmp_path / "hub")


def test_a_command_before_init_says_what_to_do(fresh: Hub) -> None:
    ran = fresh.run("project", "list")

    assert ran.code == 1
    assert ran.err.startswith("error: SLIPWAY_SECRET_KEY and SLIPWAY_ENCRYPTION_KEYS not set")
    assert "next: run `manage.py init`" in ran.err
    assert "Traceback" not in ran.said


def test_init_prints_a_made_up_password_once_and_the_next_steps(fresh: Hub) -> None:
    out = fresh.ok("init", "--admin", "ada")

    (password,) = re.findall(r"password \(shown this once\): (\S{20,})", out)
    files = [path.read_bytes() for path in fresh.folder.rglob("*") if path.is_file()]
    assert password.encode() not in b"".join(files)
    assert "manage.py worker" in out


def test_init_makes_files_that_only_their_owner_reads(hub: Hub) -> None:
    found = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (hub.env_file, hub.env_file.parent, hub.data, hub.data / "slipway.sqlite3")
    }

    assert found == {"slipway.env": 0o600, "conf": 0o700, "data": 0o700, "slipway.sqlite3": 0o600}


def test_the_superuser_of_init_can_log_in_and_is_in_the_audit_trail(hub: Hub) -> None:
    login = (
        "from django.contrib.auth import authenticate as a;"
        f"print(a(username='ada', password='{PASSWORD}').is_superuser)"
    )

    assert hub.ok("shell", "--no-imports", "-c", login).strip() == "True"
    assert re.search(r"cli:\w+ +cli +create-admin", hub.ok("audit"))


def test_init_again_changes_neither_keys_nor_data(hub: Hub) -> None:
    hub.ok("project", "create", "shop")
    before = hub.env_file.read_bytes()

    hub.ok("init")

    assert hub.env_file.read_bytes() == before
    assert "shop" in hub.ok("project", "list")


def test_init_never_changes_a_file_that_lacks_a_key(fresh: Hub) -> None:
    fresh.env_file.parent.mkdir(parents=True)
    fresh.env_file.write_text("SLIPWAY_SECRET_KEY=something\n")

    ran = fresh.run("init")

    assert ran.code == 1
    assert "SLIPWAY_ENCRYPTION_KEYS is empty" in ran.err
    assert fresh.env_file.read_text() == "SLIPWAY_SECRET_KEY=something\n"


def test_init_ends_when_the_environment_holds_an_empty_key(tmp_path: Path) -> None:
    hub = Hub(folder=tmp_path, more={"SLIPWAY_SECRET_KEY": ""})

    ran = hub.run("init")

    assert ran.code == 1
    assert "SLIPWAY_SECRET_KEY is empty (there or in the environment)" in ran.err


def test_init_refuses_a_weak_password_and_a_taken_name(hub: Hub) -> None:
    weak = hub.run("init", "--admin", "bob", "--password-stdin", stdin="password")
    taken = hub.run("init", "--admin", "ada")

    assert (weak.code, taken.code) == (1, 1)
    assert "field: --password-stdin" in weak.err
    assert "user 'ada' exists" in taken.err


def test_a_command_without_tables_says_what_to_do(hub: Hub) -> None:
    (hub.data / "slipway.sqlite3").unlink()

    ran = hub.run("project", "list")

    assert ran.code == 1
    assert ran.err.startswith("error: the database: no such table")
    assert "`manage.py init`" in ran.err
    assert "Traceback" not in ran.said


@pytest.mark.parametrize(
    "arguments",
    [
        ("project",),
        ("source", "suspend", "shop", "web", "--for", "soon"),
        ("secret", "create", "shop", "git", "--username", "robot"),
    ],
    ids=["no action", "no length of time", "options that go together"],
)
def test_wrong_usage_is_exit_code_2(initialised: Hub, arguments: tuple[str, ...]) -> None:
    ran = initialised.run(*arguments)

    assert ran.code == 2
    assert "error:" in ran.err
    assert "Traceback" not in ran.said


def test_a_reader_that_has_seen_enough_is_left_in_peace(initialised: Hub) -> None:
    piped = subprocess.run(
        ["bash", "-c", f"{sys.executable} {MANAGE} audit -o json | true"],
        env=initialised.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert piped.stderr == ""
