"""The hub's side of a test with a Git server: one repository, one mirror, the usual values.

Only the plumbing of arguments; what is called is the real front door, gitops.git.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gitops.git import ANONYMOUS, Credentials, GitRef, Mirror, RepositoryUrl, UrlPolicy, head

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.git import GitServer

# Test servers are plain http on the loopback.
OPEN = UrlPolicy(allow_http=True, allow_private=True)
MAIN = GitRef()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one repository of a server into a mirror below a directory."""

    server: GitServer
    directory: Path
    name: str = "fleet"
    credentials: Credentials = ANONYMOUS
    policy: UrlPolicy = field(default=OPEN)

    @classmethod
    def of(cls, server: GitServer, directory: Path) -> Reader:
        """Make a reader that is let in."""
        credentials = Credentials(
            username=server.username, password=server.password, bearer_token=server.token
        )
        return cls(server, directory, credentials=credentials)

    @property
    def url(self) -> RepositoryUrl:
        return RepositoryUrl.parse(f"{self.server.url}/{self.name}.git", policy=OPEN)

    @property
    def mirror(self) -> Mirror:
        work = self.directory / "work"
        work.mkdir(parents=True, exist_ok=True)
        return Mirror(self.directory / "mirrors" / self.name, work_directory=work)

    def using(self, credentials: Credentials) -> Reader:
        return replace(self, credentials=credentials)

    def head(self, ref: GitRef = MAIN, *, timeout: float = 20.0) -> str:
        return head(
            url=self.url,
            ref=ref,
            credentials=self.credentials,
            policy=self.policy,
            timeout=timeout,
        )

    def fetch(self, commit: str, ref: GitRef = MAIN, **more: Any) -> None:
        self.mirror.fetch(
            url=self.url,
            ref=ref,
            commit=commit,
            credentials=self.credentials,
            policy=self.policy,
            **more,
        )

    def files(self, commit: str) -> dict[str, bytes]:
        """Return all files of a commit that is here."""
        with self.mirror.tree(commit) as tree:
            return {path: tree.read(path) for path in tree.files()}

    def read(self, ref: GitRef = MAIN) -> dict[str, bytes]:
        """Walk the whole way of a pipeline: ask, fetch, open."""
        commit = self.head(ref)
        self.fetch(commit, ref)
        return self.files(commit)
