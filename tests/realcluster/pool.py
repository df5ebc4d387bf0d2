"""Clusters shared by the tests of one process, because a start costs four seconds and 400 MB.

In: the programs. Out: as many running clusters as a test asks for; a later test gets the same ones
back, with whatever the earlier test stopped running again and the namespaces it made on their way
out. What is cluster-wide (definitions, cluster roles) is the test's own to remove, so such names
should be unique too.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tests.realcluster.cluster import RealCluster

if TYPE_CHECKING:
    from collections.abc import Mapping


class ClusterPool:
    """The clusters of one test process; `close` ends them all."""

    def __init__(self, *, binaries: Mapping[str, Path]) -> None:
        self._binaries = binaries
        self._clusters: list[RealCluster] = []
        self._own_namespaces: dict[str, frozenset[str]] = {}
        self._folder: Path | None = None
        self._held: TextIO | None = None

    def take(self, count: int) -> tuple[RealCluster, ...]:
        """Return that many running clusters, always the same ones, starting new ones together."""
        new = [self._add() for _ in range(len(self._clusters), count)]
        for cluster in new:
            cluster.launch()
        for cluster in new:
            cluster.wait_ready()
            self._own_namespaces[cluster.name] = frozenset(cluster.namespaces())
        return tuple(self._clusters[:count])

    def restore(self) -> None:
        """Start what a test stopped, and let go of the namespaces it left."""
        for cluster in self._clusters:
            cluster.start()
            for name in cluster.namespaces():
                if name not in self._own_namespaces[cluster.name]:
                    cluster.delete_namespace(name)

    def close(self) -> None:
        """End all clusters and remove every file."""
        for cluster in self._clusters:
            cluster.close()
        self._clusters.clear()
        if self._held is not None:
            self._held.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _add(self) -> RealCluster:
        if self._folder is None:
            self._folder, self._held = _claim_folder()
        name = f"real-{len(self._clusters) + 1}"
        directory = self._folder / name
        directory.mkdir(mode=0o700)
        cluster = RealCluster(name=name, directory=directory, binaries=self._binaries)
        self._clusters.append(cluster)
        return cluster


def _claim_folder() -> tuple[Path, TextIO]:
    """Make a folder of our own, after removing those of test processes that were killed.

    A living process holds a lock in its folder; the kernel lets go of it however the process ends.
    """
    root = Path(tempfile.gettempdir()) / f"slipway-realcluster-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    with (root / "lock").open("w") as sweeping:
        fcntl.flock(sweeping, fcntl.LOCK_EX)
        for folder in root.iterdir():
            if folder.is_dir() and _abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
        ours = Path(tempfile.mkdtemp(dir=root))
        held = (ours / "alive").open("w")
        fcntl.flock(held, fcntl.LOCK_EX)
    return ours, held


def _abandoned(folder: Path) -> bool:
    with (folder / "alive").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
