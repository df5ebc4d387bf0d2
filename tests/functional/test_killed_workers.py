"""A worker that is killed, at whatever step, costs time and nothing else."""

from __future__ import annotations

import os
import secrets
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import postgres
from tests.fakes import git
from tests.functional import hub as hubs
from tests.functional import looking, shop
from tests.functional.conftest import PASSWORD
from tests.functional.steps import STEPS

if TYPE_CHECKING:
    from tests.functional.hub import Hub
    from tests.realcluster.cluster import RealCluster

# Of one django-q2 cluster with two workers.
_PROCESSES = 6


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_worker_killed_at_any_step_leaves_no_orphan_and_everything_converges(
    tmp_path: Path, database: str, two_clusters: tuple[RealCluster, RealCluster]
) -> None:
    """R-18: at each step one worker dies by SIGKILL while a commit that adds, changes and removes
    is on its way.
    """
    url = postgres.start() if database == "postgresql" else ""
    with (
        git.serve(tmp_path / "git", username="robot", password=PASSWORD) as server,
        hubs.running(tmp_path / "hub", database_url=url, worker=False) as hub,
    ):
        crash = hub.home / "crash-at"
        hub.start_worker(SLIPWAY_CRASH_FILE=str(crash))
        repository = git.Repository.create(server.directory, "small", url=server.url)
        repository.commit(_files(0))
        for name, cluster in zip(("east", "west"), two_clusters, strict=True):
            hub.add_cluster(name, cluster)
        namespace = f"t-{secrets.token_hex(4)}"
        hub.add_project(namespace, "east", "west", password=PASSWORD)
        hub.add_source(namespace, "small", repository)

        for number, step in enumerate(STEPS, start=1):
            crash.write_text(step)
            commit = repository.commit(_files(number))
            hub.manage("source", "sync", namespace, "small")

            hub.eventually(f"a worker died at {step}", lambda: not crash.exists())
            status = hub.eventually(
                f"the source converges after {step}",
                lambda commit=commit: (
                    (found := hub.status(namespace, "small"))["ready"]
                    and commit in found["applied"]
                    and found
                ),
            )

            assert all(commit in each["revision"] for each in status["clusters"]), step
            for name, cluster in zip(("east", "west"), two_clusters, strict=True):
                live = looking.owned(cluster, namespace)
                assert live == _expected(number), step
                assert live == _inventory(hub, namespace, name), step


@pytest.mark.timeout(300)
def test_killing_any_process_of_the_queue_stops_syncing_for_15_seconds_at_most(
    hub: Hub, namespace: str, server: git.GitServer, two_clusters: tuple[RealCluster, RealCluster]
) -> None:
    """Q-01: every process of django-q2's cluster is killed in turn, the idle worker with the lock
    among them.
    """
    east, _ = two_clusters
    repository = git.Repository.create(server.directory, "one", url=server.url)
    repository.commit({"a.yaml": shop.config_map("a", number="0")})
    hub.add_cluster("east", east)
    hub.add_project(namespace, "east", password=PASSWORD)
    hub.add_source(namespace, "one", repository)
    # The main process, the guard, the pusher, the monitor and two workers.
    hub.eventually("the queue is up", lambda: len(_queue_processes(hub)) == _PROCESSES)

    for index in range(_PROCESSES):
        hub.eventually("it is whole", lambda: len(_queue_processes(hub)) == _PROCESSES)
        os.kill(_queue_processes(hub)[index], signal.SIGKILL)
        killed_at = time.monotonic()
        repository.commit({"a.yaml": shop.config_map("a", number=str(index + 1))})
        hub.manage("source", "sync", namespace, "one")

        hub.eventually(
            f"a sync after process {index} was killed",
            lambda index=index: (
                looking.config_map(east, namespace, "a") == {"number": str(index + 1)}
            ),
            seconds=20,
        )

        # Fifteen seconds, and what the command of this test takes.
        assert time.monotonic() - killed_at < 17, f"process {index}"


@pytest.mark.timeout(300)
def test_work_that_kills_its_worker_is_set_aside_and_others_go_on(
    tmp_path: Path,
    namespace: str,
    server: git.GitServer,
    two_clusters: tuple[RealCluster, RealCluster],
) -> None:
    """Q-04, R-50: a poison source is quarantined after three kills, and named."""
    east, _ = two_clusters
    repository = git.Repository.create(server.directory, "one", url=server.url)
    repository.commit(
        {"a.yaml": shop.config_map("a", number="1"), "poison/p.yaml": shop.config_map("p", n="1")}
    )
    with hubs.running(tmp_path / "hub", worker=False) as hub:
        crash = hub.home / "crash-at"
        crash.write_text("rendered@poison!")
        hub.start_worker(SLIPWAY_CRASH_FILE=str(crash))
        hub.add_cluster("east", east)
        hub.add_project(namespace, "east", password=PASSWORD)
        hub.add_source(namespace, "poison", repository, path="poison", wait=False)

        status = hub.eventually(
            "the poison source is set aside",
            lambda: (
                (found := hub.status(namespace, "poison"))["reason"] == "WorkerCrashed" and found
            ),
            seconds=90,
        )
        assert status["stalled"]
        hub.add_source(namespace, "healthy", repository)
        crash.unlink()

        hub.manage("source", "sync", namespace, "poison")

        hub.eventually(
            "it goes on when the cause is gone", lambda: looking.config_map(east, namespace, "p")
        )


def test_one_signal_ends_a_worker_cleanly(hub: Hub) -> None:
    (worker,) = hub._workers
    hub.eventually("the queue is up", lambda: len(_queue_processes(hub)) == _PROCESSES)
    processes = _queue_processes(hub)

    code = hub.stop_worker(worker)

    assert code == 0
    assert [pid for pid in processes if Path(f"/proc/{pid}").exists()] == []


def _files(number: int) -> dict[str, str | None]:
    """Every commit adds four objects, changes two and removes the four of the commit before."""
    found: dict[str, str | None] = {
        f"keep-{each}.yaml": shop.config_map(f"keep-{each}", n=str(number)) for each in "ab"
    }
    found |= {f"keep-{each}.yaml": shop.config_map(f"keep-{each}", n="0") for each in "cdefgh"}
    found |= {
        f"n{number}-{each}.yaml": shop.config_map(f"n{number}-{each}", n="1") for each in "wxyz"
    }
    if number:
        found |= {f"n{number - 1}-{each}.yaml": None for each in "wxyz"}
    return found


def _expected(number: int) -> set[str]:
    return {f"configmaps/keep-{each}" for each in "abcdefgh"} | {
        f"configmaps/n{number}-{each}" for each in "wxyz"
    }


def _inventory(hub: Hub, namespace: str, cluster: str) -> set[str]:
    objects = hub.json("source", "objects", namespace, "small", "--cluster", cluster)
    return {f"configmaps/{each['name']}" for each in objects}


def _queue_processes(hub: Hub) -> list[int]:
    """The processes of the running django-q2 cluster, parents before children."""
    (worker,) = hub._workers
    found, ahead = [], _children(worker.pid)
    while ahead:
        pid = ahead.pop(0)
        found.append(pid)
        ahead += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return sorted(found)
