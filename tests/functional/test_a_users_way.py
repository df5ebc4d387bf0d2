"""What README.md tells people to type works as it stands there, in one shell, from nothing on."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes import git
from tests.functional import looking, pages, shell
from tests.functional.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.git_server import GitServer
    from tests.functional.shell import Shell
    from tests.realcluster.cluster import RealCluster

ROOT = pages.ROOT
BLOCKS = pages.blocks("README.md", info="sh by-hand")
INSTALL = "make install\n"
SECONDS = 90.0
# What a person has after unpacking; their settings and data would be in var.
PRODUCT = ("config", "projects", "gitops", "federation", "templates", "manage.py")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project as it is unpacked, with nothing set up and nothing installed."""
    folder = tmp_path / "slipway"
    folder.mkdir()
    for name in PRODUCT:
        if (ROOT / name).is_dir():
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=hidden)
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def repository(server: GitServer) -> git.Repository:
    """An empty repository that may be pushed to."""
    found = git.Repository.create(server.directory, "tryout", url=server.url)
    found.git("config", "http.receivepack", "true")
    return found


@pytest.fixture
def person(
    tmp_path: Path,
    checkout: Path,
    repository: git.Repository,
    real_cluster: RealCluster,
    namespace: str,
) -> Iterator[Shell]:
    """Somebody with a cluster, a repository and its password, and a shell in the project."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "git-password").write_text(PASSWORD)
    askpass = home / "askpass"
    askpass.write_text(
        '#!/bin/sh\ncase $1 in User*) echo robot;; *) cat "$HOME/git-password";; esac\n'
    )
    askpass.chmod(0o700)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        # What they say to git when it asks, and told it long ago.
        "GIT_ASKPASS": str(askpass),
        **{f"GIT_{role}_NAME": "Ada Example" for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": "ada@example.test" for role in ("AUTHOR", "COMMITTER")},
        "KUBECONFIG": str(real_cluster.kubeconfig_path),
        "GIT_URL": repository.url,
        "GIT_USER": "robot",
        "PROJECT": namespace,
        # The Git server of this test has no TLS.
        "SLIPWAY_ALLOW_HTTP": "true",
    }
    with shell.opened(checkout, environment, scripts=home) as found:
        yield found


@pytest.mark.timeout(600)
def test_the_blocks_of_the_readme_work_one_after_the_other(
    person: Shell, real_cluster: RealCluster, namespace: str, checkout: Path
) -> None:
    typed = list(BLOCKS)
    assert [block for block in typed if INSTALL in block] == [typed[1]]

    def type_until(word: str) -> str:
        """Type blocks up to the first one with a word in it; what that one printed."""
        while True:
            block = typed.pop(0)
            # Installing is what the suite itself was run by.
            said = person.type(block.replace(INSTALL, _link_to_venv()), seconds=SECONDS)
            if word in block:
                return said

    def text() -> str | None:
        return looking.config_map(real_cluster, namespace, "greeting").get("text")

    type_until("source add")
    assert text() == "hello"

    assert "ReconciliationSucceeded" in type_until("source status")

    type_until("source sync")
    assert text() == "good morning"

    type_until("source suspend")
    assert text() == "by hand"

    assert "DriftCorrected" in type_until("source resume")
    assert looking.config_map(real_cluster, namespace, "greeting") == {"text": "good morning"}

    type_until("source delete")
    assert text() is None

    type_until("cluster detach")
    assert not looking.get(real_cluster, namespace, "serviceaccounts", "slipway")
    assert namespace in real_cluster.namespaces()

    assert "create" in type_until("kill")
    assert typed == []
    assert PASSWORD not in (checkout / "worker.log").read_text()


def _link_to_venv() -> str:
    return f"ln -s '{Path(sys.executable).parent.parent}' .venv\n"
