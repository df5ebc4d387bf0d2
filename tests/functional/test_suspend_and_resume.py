"""Suspended, a hand edit stays; resumed, it is taken back, a field that was added among it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.functional import looking

if TYPE_CHECKING:
    from tests.fakes.git import Repository
    from tests.functional.hub import Hub
    from tests.realcluster.cluster import RealCluster


def test_a_hand_edit_survives_suspension_and_not_resumption(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    east, west = east_and_west
    hub.add_source(namespace, "shop", repository, path="deploy")
    hub.manage("source", "suspend", namespace, "shop", "--reason", "looking into the web pods")
    east.kubectl("-n", namespace, "set", "image", "deployment/web", "main=registry.example/debug:1")
    east.kubectl(
        "-n",
        namespace,
        "patch",
        "configmap",
        "web",
        "--type=merge",
        "-p",
        '{"data":{"greeting":"changed","added":"by hand"}}',
    )
    east.kubectl("-n", namespace, "label", "service", "web", "looked-at=yes")
    west.kubectl("-n", namespace, "delete", "configmap", "cart")
    newer = repository.commit(
        {"deploy/orders.yaml": None, "deploy/kustomization.yaml": KUSTOMIZATION}
    )

    time.sleep(8)  # longer than the interval: neither comparison nor polling may touch anything

    status = hub.status(namespace, "shop")
    assert status["suspended"]
    assert status["suspensions"][0]["reason"] == "looking into the web pods"
    assert _image(east, namespace) == "registry.example/debug:1"
    assert looking.config_map(east, namespace, "web") == {"greeting": "changed", "added": "by hand"}
    assert looking.get(east, namespace, "deployments", "orders", "/apis/apps/v1")
    assert not looking.get(west, namespace, "configmaps", "cart")

    hub.manage("source", "resume", namespace, "shop")

    hub.eventually(
        "the image is taken back", lambda: _image(east, namespace) == "registry.example/shop:1"
    )
    hub.eventually(
        "the added key is taken back",
        lambda: looking.config_map(east, namespace, "web") == {"greeting": "hello from web"},
    )
    hub.eventually(
        "the added label is taken back",
        lambda: (
            "looked-at" not in looking.get(east, namespace, "services", "web")["metadata"]["labels"]
        ),
    )
    hub.eventually(
        "the deleted object is back", lambda: looking.get(west, namespace, "configmaps", "cart")
    )
    hub.eventually(
        "the newest commit is applied", lambda: newer in hub.status(namespace, "shop")["applied"]
    )
    assert not looking.get(east, namespace, "deployments", "orders", "/apis/apps/v1")
    reasons = {event["reason"] for event in hub.json("source", "events", namespace, "shop")}
    assert "DriftCorrected" in reasons


def test_a_suspension_of_one_cluster_leaves_the_other_syncing_and_ends_by_itself(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    east, west = east_and_west
    hub.add_source(namespace, "shop", repository, path="deploy")
    hub.manage("source", "suspend", namespace, "shop", "--cluster", "east", "--for", "15s")

    repository.commit({"deploy/orders.yaml": None, "deploy/kustomization.yaml": KUSTOMIZATION})

    hub.eventually(
        "west has the commit",
        lambda: not looking.get(west, namespace, "deployments", "orders", "/apis/apps/v1"),
        seconds=14,
    )
    assert looking.get(east, namespace, "deployments", "orders", "/apis/apps/v1")
    hub.eventually(
        "east has it when its suspension ran out",
        lambda: not looking.get(east, namespace, "deployments", "orders", "/apis/apps/v1"),
    )


KUSTOMIZATION = "resources:\n" + "".join(
    f"- {each}.yaml\n" for each in ("web", "cart", "payments", "catalog", "shared")
)


def _image(cluster: RealCluster, namespace: str) -> str:
    found = looking.get(cluster, namespace, "deployments", "web", "/apis/apps/v1")
    image: str = found["spec"]["template"]["spec"]["containers"][0]["image"]
    return image
