"""federation.apply killed at any step (R-18): the next run converges, and nothing is left over."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract import apply_child
from tests.contract.apply_world import World, config_map, deployment, make_world

if TYPE_CHECKING:
    from tests.realcluster.cluster import RealCluster

ROOT = Path(__file__).parents[2]
BEFORE = [config_map(f"leaves-{number}") for number in range(4)] + [config_map("stays")]
AFTER = [
    config_map("stays", key="new"),
    *(config_map(f"comes-{number}") for number in range(4)),
    deployment("web"),
]


@pytest.fixture
def world(real_cluster: RealCluster) -> World:
    return make_world(real_cluster)


def run_and_die(world: World, step: str, path: Path) -> None:
    path.write_bytes(pickle.dumps(world.journal.inventory))
    crash_file = path.with_name("crash")
    crash_file.write_text(step)
    given = {
        "kubeconfig": world.cluster.kubeconfig,
        "namespace": world.namespace,
        "owner_uid": world.owner.uid,
        "journal": str(path),
        "crash_file": str(crash_file),
        "manifests": AFTER,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.apply_child"],
        input=json.dumps(given),
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    world.journal.inventory = apply_child.kept(path)


def owned(world: World) -> set[str]:
    """Name every object on the cluster that carries our labels."""
    found = world.kubectl("get", "cm,deploy", "-l", world.owner.selector, "-o", "name").split()
    return {each.partition("/")[2] for each in found}


@pytest.mark.parametrize(
    "step",
    ["inventory-written", "applied-1", "applied-4", "before-prune", "deleted-1", "deleted-3"],
)
def test_after_a_kill_nothing_is_outside_the_inventory_and_the_next_run_converges(
    world: World, step: str, tmp_path: Path
) -> None:
    world.run(BEFORE)

    run_and_die(world, step, tmp_path / "journal")
    known = {entry.ref.name for entry in world.journal.inventory}
    strays = owned(world) - known
    outcome = world.run(AFTER)

    assert strays == set()
    assert outcome.error is None
    wanted = {"stays", "web", *(f"comes-{number}" for number in range(4))}
    assert owned(world) == wanted
    assert {entry.ref.name for entry in world.journal.inventory} == wanted
    assert world.live("configmap", "stays")["data"] == {"key": "new"}
    assert world.run(AFTER).changeset.summary == "6 unchanged"
