"""The sample repository: served by the Git server, changed in a working tree.

In: the files in scripts/demo/repository. Out: a bare repository that the Git server serves over
smart HTTP with a password, and a working tree that pushes to it by path, so that a reader types no
password. Git runs without the reader's own configuration here: no hooks, no signing.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.demo.folder import Folder
    from tests.fakes.git_server import GitServer

NAME = "shop"
_FILES = Path(__file__).parent / "repository"
_IDENTITY = {"user.name": "Slipway demo", "user.email": "demo@shop.example"}
_SECONDS = 60


class Shop:
    """The repository, by the person who works on it."""

    def __init__(self, folder: Folder, server: GitServer) -> None:
        self.server = server
        self.worktree = folder.worktree
        self._bare = folder.git / f"{NAME}.git"

    @property
    def url(self) -> str:
        """What a source has as its address."""
        return f"{self.server.url}/{NAME}.git"

    def create(self) -> str:
        """Make both, with the first commit; return its id."""
        git("init", "--quiet", "--bare", "--initial-branch=main", str(self._bare))
        # The server refuses pushes unless a repository lets who has the password push.
        git("config", "http.receivepack", "true", cwd=self._bare)
        git("init", "--quiet", "--initial-branch=main", str(self.worktree))
        for key, value in {
            **_IDENTITY,
            "commit.gpgSign": "false",
            "push.default": "simple",
        }.items():
            git("config", key, value, cwd=self.worktree)
        git("remote", "add", "origin", str(self._bare), cwd=self.worktree)
        shutil.copytree(_FILES, self.worktree, dirs_exist_ok=True)
        git("add", "--all", cwd=self.worktree)
        git("commit", "--quiet", "--message=Open the shop", cwd=self.worktree)
        git("push", "--quiet", "--set-upstream", "origin", "main", cwd=self.worktree)
        return self.head()

    def head(self) -> str:
        """The newest commit on the server."""
        return git("rev-parse", "main", cwd=self._bare).strip()

    def read(self, path: str) -> str:
        """A file of the working tree."""
        return (self.worktree / path).read_text()

    def commit(self, files: Mapping[str, str | None], *, message: str) -> str:
        """Change files (None removes one), commit and push; return the commit."""
        for path, text in files.items():
            if text is None:
                (self.worktree / path).unlink()
            else:
                (self.worktree / path).write_text(text)
        git("commit", "--quiet", "--all", f"--message={message}", cwd=self.worktree)
        git("push", "--quiet", cwd=self.worktree)
        return self.head()

    def clone(self, directory: Path) -> str:
        """Clone from the server, as anybody with the password would; return the commit."""
        pair = f"{self.server.username}:{self.server.password}"
        header = f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"
        # By the environment: arguments can be read by every user of the machine.
        secret = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": header,
            "no_proxy": "127.0.0.1",
        }
        git("clone", "--quiet", self.url, str(directory), more=secret)
        return git("rev-parse", "HEAD", cwd=directory).strip()


def git(*args: str, cwd: Path | None = None, more: Mapping[str, str] | None = None) -> str:
    """Run git and return what it printed.

    Raises: DemoFailed with its standard error.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        **(more or {}),
    }
    done = subprocess.run(
        ["git", *args],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise DemoFailed(f"git {args[0]}: {done.stderr.strip()}")
    return done.stdout
