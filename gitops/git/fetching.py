"""What happens inside one bare repository while a commit is fetched into it.

In: the repository, the commit and where it is to come from. Out: the repository holds the commit,
in one pack per fetch and with a bounded stretch of history, and no litter; or an error. Unusable
says that this copy fails for a reason of its own. Locking and replacing are gitops.git.checkout's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.git import failures, process, remote
from gitops.git.environment import ProcessLimits, Setting

if TYPE_CHECKING:
    from gitops.git.process import Finished
    from gitops.git.refs import GitRef
    from gitops.git.remote import Remote

# One name for whatever is deployed: a mirror reads one ref, and `a` and `a/b` cannot both be refs.
_KEPT_REF = "refs/slipway/head"
# Always one pack: its file can then be bounded, which thousands of loose objects cannot.
_CONFIG = (("fetch.unpackLimit", "1"), ("transfer.unpackLimit", "1"), ("pack.windowMemory", "64m"))


class Unusable(Exception):
    """This copy cannot be read or written; a clean one may do."""


class RefMoved(failures.RemoteUnavailable):
    """The ref went to another commit while it was being fetched; the next look finds that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How much is fetched and kept: bytes of a pack and of all, packs, commits of history."""

    max_pack_bytes: int = 512 << 20
    max_packs: int = 20
    depth: int = 50


DEFAULT_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One commit of a ref of a repository on a server."""

    remote: Remote
    ref: GitRef
    commit: str
    limits: FetchLimits


def make(path: Path, setting: Setting) -> None:
    """Make an empty bare repository.

    Raises: Unusable.
    """
    path.mkdir(mode=0o700, parents=True)
    here = replace(setting, directory=path, config=(), protocols=())
    args = ("init", "--quiet", "--bare", "--template=", "--end-of-options", str(path))
    finished = process.run(here, *args)
    if finished.returncode != 0:
        raise Unusable(_last_line(finished))


def fetch(path: Path, wanted: Wanted, setting: Setting) -> None:
    """Bring the commit into the repository.

    Raises: Unusable; RefMoved, and the errors of gitops.git.failures.
    """
    here = replace(
        setting,
        directory=path,
        is_repository=True,
        config=(*setting.config, *_CONFIG),
        limits=ProcessLimits(file_bytes=wanted.limits.max_pack_bytes),
    )
    if not path.is_dir():
        raise Unusable("there is none yet")
    _clear(path)
    try:
        _fetch(here, wanted)
        if not holds(here, wanted.commit):
            raise RefMoved(f"{wanted.ref} of {wanted.remote.url} moved while it was being fetched")
        _tidy(here, wanted.limits)
    finally:
        _clear(path)


def holds(setting: Setting, commit: str) -> bool:
    """Tell whether the repository of the setting has a commit."""
    return process.run(setting, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0


def remove(path: Path) -> None:
    """Remove a directory and all in it, whatever modes a child process has set."""
    if not path.is_dir():
        return
    for directory, _, _ in os.walk(path):
        Path(directory).chmod(0o700)
    shutil.rmtree(path)


def _fetch(setting: Setting, wanted: Wanted) -> None:
    try:
        # By id: exactly what was decided on, even if the branch has gone on since.
        _fetch_one(setting, wanted, wanted.commit)
    except (failures.RefNotFound, failures.RequestRefused) as error:
        if not wanted.ref.full_name:
            raise failures.RefNotFound(
                f"{wanted.ref} is not in the repository {wanted.remote.url}"
            ) from error
    else:
        return
    # Some servers give out only what they announce, and none what was rewritten and pruned.
    try:
        _fetch_one(setting, wanted, wanted.ref.full_name)
    except failures.RefNotFound as error:
        raise failures.RefNotFound(
            f"{wanted.ref} is not in the repository {wanted.remote.url}"
        ) from error


def _fetch_one(setting: Setting, wanted: Wanted, source: str) -> None:
    url = wanted.remote.url
    finished = remote.talk(
        wanted.remote,
        setting,
        "fetch",
        f"--depth={wanted.limits.depth}",
        "--quiet",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--end-of-options",
        str(url),
        f"+{source}:{_KEPT_REF}",
    )
    if finished.returncode == 0:
        return
    if _reached(setting.directory, wanted.limits.max_pack_bytes):
        raise failures.RepositoryTooLarge(
            f"the repository {url} sends more than {wanted.limits.max_pack_bytes} bytes in one "
            "fetch, which is the limit"
        )
    raise failures.meaning(finished.stderr, url=url) or Unusable(_last_line(finished))


def _reached(path: Path, limit: int) -> bool:
    """Tell whether the kernel stopped a pack at the limit; git's own words are not reliable here.

    Its index-pack dies of SIGXFSZ, which git reports as one thing or another, or not at all.
    """
    unfinished = (path / "objects" / "pack").glob("tmp_*")
    return any(one.stat().st_size >= limit for one in unfinished)


def _tidy(setting: Setting, limits: FetchLimits) -> None:
    """Keep the number of packs and their size within bounds, now and then."""
    count, size = _packs(setting.directory)
    if count <= limits.max_packs and size <= limits.max_pack_bytes:
        return
    alone = replace(setting, config=_CONFIG, protocols=())
    with contextlib.suppress(process.GitTimeout):  # the next fetch tries again
        finished = process.run(alone, "gc", "--quiet", "--prune=now")
        if finished.returncode != 0:
            raise Unusable(_last_line(finished))
        if _packs(setting.directory)[1] > limits.max_pack_bytes:
            raise Unusable("it has grown beyond its limit")


def _packs(path: Path) -> tuple[int, int]:
    sizes = [pack.stat().st_size for pack in (path / "objects" / "pack").glob("*.pack")]
    return len(sizes), sum(sizes)


def _clear(path: Path) -> None:
    """Remove what killed runs of git left: locks, half-written packs, marks that keep packs.

    We hold the lock of the mirror, and so would any git still running in it.
    """
    for litter in list(path.rglob("*")):
        if litter.name.endswith((".lock", ".keep")) or litter.name.startswith("tmp_"):
            litter.unlink(missing_ok=True)


def _last_line(finished: Finished) -> str:
    lines = finished.stderr.split("\n")
    said = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return said[-1] if said else f"git ended with {finished.returncode}"
