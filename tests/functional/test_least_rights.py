"""The least rights that docs/operations.md asks for are enough, and reach nothing else."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from typing import TYPE_CHECKING

import pytest

from tests.functional import looking, pages
from tests.functional.conftest import PASSWORD
from tests.realcluster.cluster import KubectlFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.git import Repository
    from tests.functional.hub import Hub
    from tests.realcluster.cluster import RealCluster

PAGE = "docs/operations.md"
HUB = "slipway-hub"


@pytest.fixture
def kubeconfig(tmp_path: Path, real_cluster: RealCluster) -> Iterator[Path]:
    """Made as the page says, by the cluster's administrator."""
    (role,) = pages.blocks(PAGE, info="yaml least-rights")
    (commands,) = pages.blocks(PAGE, info="sh least-rights")
    (tmp_path / "slipway-hub.yaml").write_text(role)
    environment = {
        "PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "KUBECONFIG": str(real_cluster.kubeconfig_path),
    }
    real_cluster.wait_for(f"no {HUB} of another test", lambda: not _is_there(real_cluster))
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        env=environment,
        check=True,
        timeout=60,
    )
    yield tmp_path / "slipway-hub.kubeconfig"
    real_cluster.kubectl("delete", "clusterrole,clusterrolebinding", HUB)


@pytest.mark.timeout(240)
def test_a_source_comes_and_goes_with_the_least_rights(
    hub: Hub, namespace: str, repository: Repository, real_cluster: RealCluster, kubeconfig: Path
) -> None:
    hub.manage("cluster", "add", "east", "--kubeconfig", str(kubeconfig))
    hub.add_project(namespace, password=PASSWORD)
    add = ["source", "add", namespace, "shop", "--url", repository.url, "--path", "deploy"]

    hub.manage("cluster", "attach", "east", namespace, "--wait", "60")
    hub.manage(*add, "--secret", "git", "--wait", "60")

    assert "deployments/web" in looking.owned(real_cluster, namespace)
    assert looking.events(real_cluster, namespace)

    hub.manage("source", "delete", namespace, "shop", "--wait", "60")

    assert looking.owned(real_cluster, namespace) == set()

    hub.manage("cluster", "detach", "east", namespace, "--wait", "60")

    assert not looking.get(real_cluster, namespace, "serviceaccounts", "slipway")


@pytest.mark.timeout(240)
def test_a_namespace_deleted_by_hand_holds_up_no_deletion(
    hub: Hub, namespace: str, repository: Repository, real_cluster: RealCluster, kubeconfig: Path
) -> None:
    hub.manage("cluster", "add", "east", "--kubeconfig", str(kubeconfig))
    hub.add_project(namespace, "east", password=PASSWORD)
    hub.add_source(namespace, "shop", repository, path="deploy")
    hub.manage("source", "suspend", namespace, "shop")
    real_cluster.delete_namespace(namespace)
    path = f"/api/v1/namespaces/{namespace}"
    hub.eventually("it is gone", lambda: real_cluster.request("GET", path).status == 404)

    hub.manage("source", "delete", namespace, "shop", "--wait", "60")

    assert hub.json("source", "list", namespace) == []


def test_the_least_rights_reach_nothing_else(
    kubeconfig: Path, real_cluster: RealCluster, namespace: str
) -> None:
    real_cluster.kubectl("create", "namespace", namespace)
    questions = {
        "get namespaces": True,
        "list namespaces": False,
        "delete namespaces": False,
        "list secrets --all-namespaces": False,
        f"create deployments.apps -n {namespace}": False,
        f"delete serviceaccounts/default -n {namespace}": False,
        f"impersonate serviceaccounts/slipway -n {namespace}": True,
        "impersonate groups/system:masters": False,
        "impersonate users/somebody": False,
    }

    answers = {asked: _can(real_cluster, kubeconfig, asked) for asked in questions}

    assert answers == questions


def _can(cluster: RealCluster, kubeconfig: Path, asked: str) -> bool:
    """What `kubectl auth can-i` says to whoever has the kubeconfig."""
    try:
        return "yes" in cluster.kubectl("auth", "can-i", *asked.split(), kubeconfig=kubeconfig)
    except KubectlFailed:
        # It ends with 1 for a no; that it could ask at all is shown by the ones that are yes.
        return False


def _is_there(cluster: RealCluster) -> bool:
    return cluster.request("GET", f"/api/v1/namespaces/{HUB}").status == 200
