"""Speak to a Git server: which commit is a ref at.

In: a checked URL, a ref, credentials, the operator's policy. Out: a commit id, or one of the errors
of gitops.git.failures. Nothing is fetched here; see gitops.git.checkout.

The host is looked up and judged by us and git is pinned to the answer. The credential goes to git
as a header bound to the URL's origin, by environment, never by argument; redirects are refused, so
that it reaches no other host (git config http.<url>.extraHeader, http.followRedirects).
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.git import addresses, failures, process
from gitops.git.credentials import ANONYMOUS, Credentials
from gitops.git.environment import Setting
from gitops.git.urls import DEFAULT_POLICY, RepositoryUrl, UrlPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops.git.process import Finished
    from gitops.git.refs import GitRef

_CONFIG = (
    ("protocol.version", "2"),
    ("http.followRedirects", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "20"),
    ("http.proxy", ""),
    ("http.sslVerify", "true"),
)
SCRATCH_PREFIX = "slipway-git-"
_REF_LINE = re.compile(r"(?P<commit>[0-9a-f]{40,64})\t(?P<name>\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A repository on a server, and how to be let in."""

    url: RepositoryUrl
    credentials: Credentials = ANONYMOUS
    policy: UrlPolicy = DEFAULT_POLICY


def head(
    *,
    url: RepositoryUrl,
    ref: GitRef,
    credentials: Credentials = ANONYMOUS,
    policy: UrlPolicy = DEFAULT_POLICY,
    timeout: float = 30.0,
) -> str:
    """Ask which commit a ref is at; a ref that is a commit is its own answer and asks nobody.

    Raises: RefNotFound and the other errors of gitops.git.failures; InvalidRef, InvalidUrl,
    AddressNotAllowed, HostNotFound.
    """
    ref.check()
    if ref.commit:
        return ref.commit
    remote = Remote(url=url, credentials=credentials, policy=policy)
    wanted = (ref.full_name, f"{ref.full_name}^{{}}") if ref.tag else (ref.full_name,)
    with (
        failures.full_disk_told(),
        connect(remote, deadline=time.monotonic() + timeout) as setting,
    ):
        finished = talk(
            remote, setting, "ls-remote", "--quiet", "--end-of-options", str(url), *wanted
        )
    if finished.returncode != 0:
        raise failures.meaning(finished.stderr, url=url) or failures.unexplained(
            finished.stderr, url=url
        )
    found = _refs(finished.stdout)
    # The last one wanted is the commit an annotated tag points at.
    commit = next((found[name] for name in reversed(wanted) if name in found), "")
    if not commit:
        raise failures.RefNotFound(f"{ref} is not in the repository {url}")
    if len(commit) != 40:
        raise failures.UnsupportedRepository(
            f"the repository {url} uses SHA-256 object names, which are not supported; want SHA-1"
        )
    return commit


@contextlib.contextmanager
def connect(remote: Remote, *, deadline: float) -> Iterator[Setting]:
    """Check the URL and the addresses again and yield the setting to speak with it in.

    Raises: InvalidUrl, AddressNotAllowed, HostNotFound.
    """
    # The row may be older than the policy, or forged.
    url = RepositoryUrl.parse(str(remote.url), policy=remote.policy)
    config = [*_CONFIG, *_pins(url, remote.policy, deadline=deadline)]
    if remote.credentials.header:
        config.append((f"http.{url.origin}/.extraHeader", remote.credentials.header))
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX) as directory:
        if remote.credentials.ca_pem:
            ca_file = Path(directory, "ca.pem")
            ca_file.write_text(remote.credentials.ca_pem)
            config.append(("http.sslCAInfo", str(ca_file)))
        yield Setting(
            directory=Path(directory),
            deadline=deadline,
            protocols=("https", "http") if remote.policy.allow_http else ("https",),
            config=tuple(config),
            secrets=remote.credentials.secrets,
        )


def talk(remote: Remote, setting: Setting, *args: str) -> Finished:
    """Run one git command that speaks to the server.

    Raises: failures.RemoteTimeout; git's own failures are in the exit code.
    """
    try:
        return process.run(setting, *args)
    except process.GitTimeout as error:
        raise failures.RemoteTimeout(
            f"{remote.url.origin} did not finish its answer in the time it was given"
        ) from error


def _pins(url: RepositoryUrl, policy: UrlPolicy, *, deadline: float) -> list[tuple[str, str]]:
    if addresses.literal(url.host) is not None:
        return []  # judged when it was parsed
    found = addresses.resolve(
        url.host, url.port, allow_private=policy.allow_private, deadline=deadline
    )
    listed = ",".join(f"[{address}]" if ":" in address else address for address in found)
    return [("http.curloptResolve", f"{url.host}:{url.port}:{listed}")]


def _refs(stdout: bytes) -> dict[str, str]:
    matches = map(_REF_LINE.fullmatch, stdout.decode(errors="replace").splitlines())
    return {match["name"]: match["commit"] for match in matches if match}
