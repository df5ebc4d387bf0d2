"""Bare Git repositories made of plain values, and a server for them.

`Repository` writes commits straight into the object store with git fast-import, so that a test can
make any tree in one call, links and submodules too. `serve` puts a directory of them behind HTTP
(tests.fakes.git_server). Both are real git: nothing here imitates a protocol.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.git_server import (
    Answer,
    Dribble,
    Fault,
    GitServer,
    Hang,
    Redirect,
    Request,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "Answer",
    "Dribble",
    "Executable",
    "Fault",
    "GitServer",
    "Hang",
    "Redirect",
    "Repository",
    "Request",
    "Submodule",
    "Symlink",
    "serve",
]

_FIRST_SECOND = 1_700_000_000
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link to put into a commit."""

    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule entry to put into a commit."""

    commit: str


@dataclass(frozen=True, slots=True)
class Executable:
    """A file with the executable bit."""

    content: str | bytes


Content = str | bytes | Symlink | Submodule | Executable | None


@dataclass(slots=True)
class Repository:
    """One bare repository; `url` is where the server it was made for answers."""

    path: Path
    url: str = ""
    _commits: int = field(default=0, init=False)

    @classmethod
    def create(cls, directory: Path, name: str, *, url: str = "") -> Repository:
        """Make an empty repository `<name>.git` whose HEAD is the branch main."""
        path = directory / f"{name}.git"
        path.mkdir(parents=True)
        repository = cls(path=path, url=f"{url}/{name}.git" if url else "")
        repository.git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", ".")
        return repository

    def commit(
        self,
        files: Mapping[str, Content],
        *,
        message: str = "change",
        branch: str = "main",
        author: str = "Ada Example <ada@example.test>",
    ) -> str:
        """Add one commit to a branch and return its id; None deletes a file."""
        return self._write(files, message, branch, author, parent=self.head(branch))

    def force_push(
        self, files: Mapping[str, Content], *, branch: str = "main", onto: str = ""
    ) -> str:
        """Replace a branch by one new commit, whose parent is `onto` or nothing."""
        author = "Ada Example <ada@example.test>"
        return self._write(files, "rewritten", branch, author, parent=onto)

    def head(self, branch: str = "main") -> str:
        """Return the commit a branch is at, "" when there is no such branch."""
        found = self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return found.strip()

    def tag(self, name: str, *, commit: str = "", message: str = "") -> None:
        """Tag a commit (the head of main); annotated when there is a message."""
        who = ("-c", "user.name=Ada Example", "-c", "user.email=ada@example.test")
        annotation = ("--annotate", f"--message={message}") if message else ()
        self.git(*who, "tag", "--force", *annotation, name, commit or self.head())

    def delete_branch(self, name: str) -> None:
        self.git("update-ref", "-d", f"refs/heads/{name}")

    def git(self, *args: str, data: bytes | None = None) -> str:
        """Run git in the repository and return what it wrote."""
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", *args],
            cwd=self.path,
            env=_ENVIRONMENT,
            input=data,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"git {args[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="surrogateescape")

    def _write(
        self, files: Mapping[str, Content], message: str, branch: str, author: str, *, parent: str
    ) -> str:
        self._commits += 1
        when = f"{_FIRST_SECOND + self._commits} +0000"
        stream = bytearray()
        if not parent:
            stream += f"reset refs/heads/{branch}\n\n".encode()
        stream += f"commit refs/heads/{branch}\n".encode()
        stream += f"author {author} {when}\ncommitter {author} {when}\n".encode()
        stream += _data(message.encode())
        if parent:
            stream += f"from {parent}\n".encode()
        for path, content in files.items():
            stream += _change(path, content)
        self.git("fast-import", "--quiet", "--force", "--done", data=bytes(stream) + b"done\n")
        return self.head(branch)


def _change(path: str, content: Content) -> bytes:
    quoted = _quote(path)
    if content is None:
        return b"D " + quoted + b"\n"
    if isinstance(content, Submodule):
        return b"M 160000 " + content.commit.encode() + b" " + quoted + b"\n"
    mode: bytes
    data: str | bytes
    if isinstance(content, Symlink):
        mode, data = b"120000", content.target
    elif isinstance(content, Executable):
        mode, data = b"100755", content.content
    else:
        mode, data = b"100644", content
    raw = data.encode() if isinstance(data, str) else data
    return b"M " + mode + b" inline " + quoted + b"\n" + _data(raw)


def _data(raw: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(raw), raw)


def _quote(path: str) -> bytes:
    raw = path.encode(errors="surrogateescape")
    escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
