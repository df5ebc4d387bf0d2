"""One dead cluster delays nobody, catches up when it returns, and does not hold up a deletion."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.functional import looking, shop

if TYPE_CHECKING:
    from tests.fakes.git import Repository
    from tests.functional.hub import Hub
    from tests.realcluster.cluster import RealCluster


def test_a_stopped_cluster_does_not_delay_the_other_and_catches_up(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    east, west = east_and_west
    hub.add_source(namespace, "shop", repository, path="deploy")
    west.stop()
    began = time.monotonic()
    first = repository.commit(
        {"deploy/cart.yaml": shop.component("cart", image="registry.example/shop:2")}
    )

    hub.eventually(
        "east has the commit",
        lambda: _image(east, namespace) == "registry.example/shop:2",
        seconds=20,
    )

    assert time.monotonic() - began < 20
    status = hub.eventually(
        "west is said not to answer",
        lambda: (
            (found := _cluster(hub, namespace, "west"))["reason"] == "ClusterUnreachable" and found
        ),
    )
    assert first not in status["revision"]

    west.start()

    hub.eventually("west catches up", lambda: _image(west, namespace) == "registry.example/shop:2")
    hub.eventually("all is well again", lambda: hub.status(namespace, "shop")["ready"])


def test_a_cluster_that_accepts_and_never_answers_delays_nobody(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    """R-02: the apiserver is frozen, so connections are made and nothing ever comes back."""
    east, west = east_and_west
    hub.add_source(namespace, "shop", repository, path="deploy")
    west.freeze()
    repository.commit({"deploy/cart.yaml": shop.component("cart", image="registry.example/shop:2")})

    hub.eventually(
        "east has the commit",
        lambda: _image(east, namespace) == "registry.example/shop:2",
        seconds=20,
    )

    west.start()
    hub.eventually("west catches up", lambda: _image(west, namespace) == "registry.example/shop:2")


def test_a_deletion_ends_on_the_hub_and_a_dead_cluster_pays_when_it_returns(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    east, west = east_and_west
    hub.add_source(namespace, "shop", repository, path="deploy")
    west.stop()

    hub.manage("source", "delete", namespace, "shop", "--wait", "60")

    assert looking.owned(east, namespace) == set()
    (debt,) = hub.json("cluster", "debts")
    assert debt["cluster"] == "west"

    west.start()

    hub.eventually("west has paid", lambda: not looking.owned(west, namespace))
    hub.eventually("nothing is owed", lambda: hub.json("cluster", "debts") == [])


def test_a_detached_cluster_is_cleaned_and_the_other_keeps_everything(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    east, west = east_and_west
    hub.add_source(namespace, "shop", repository, path="deploy")

    hub.manage("cluster", "detach", "west", namespace, "--wait", "60")

    assert looking.owned(west, namespace) == set()
    assert not looking.get(west, namespace, "serviceaccounts", "slipway")
    assert len(looking.owned(east, namespace)) == shop.OBJECTS

    hub.manage("cluster", "attach", "west", namespace)

    hub.eventually(
        "west has all again", lambda: len(looking.owned(west, namespace)) == shop.OBJECTS
    )


def _image(cluster: RealCluster, namespace: str) -> str:
    found = looking.get(cluster, namespace, "deployments", "cart", "/apis/apps/v1")
    image: str = found["spec"]["template"]["spec"]["containers"][0]["image"] if found else ""
    return image


def _cluster(hub: Hub, namespace: str, name: str) -> dict[str, str]:
    clusters = hub.status(namespace, "shop")["clusters"]
    found: dict[str, str] = next(each for each in clusters if each["cluster"] == name)
    return found
