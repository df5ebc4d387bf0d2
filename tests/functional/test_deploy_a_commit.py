"""A commit in a real Git repository reaches two real clusters, and so does the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.functional import looking, shop

if TYPE_CHECKING:
    from tests.fakes.git import Repository
    from tests.functional.hub import Hub
    from tests.realcluster.cluster import RealCluster


def test_a_commit_a_change_and_a_removal_reach_every_cluster(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    hub.add_source(namespace, "shop", repository, path="deploy")

    for cluster in east_and_west:
        objects = looking.owned(cluster, namespace)
        assert len(objects) == shop.OBJECTS
        assert len({each.partition("/")[0] for each in objects}) == shop.KINDS
        events = looking.events(cluster, namespace)
        assert any(repository.head() in event["message"] for event in events)
        manager = looking.get(cluster, namespace, "configmaps", "web")["metadata"]["managedFields"]
        assert [entry["manager"] for entry in manager] == ["slipway"]

    changed = repository.commit(
        {
            "deploy/cart.yaml": shop.component("cart", image="registry.example/shop:2"),
            "deploy/catalog.yaml": None,
            "deploy/kustomization.yaml": "resources:\n"
            + "".join(
                f"- {each}.yaml\n" for each in ("web", "cart", "orders", "payments", "shared")
            ),
        },
        message="new cart, no catalog",
    )

    for cluster in east_and_west:
        hub.eventually(
            "the catalog is pruned",
            lambda cluster=cluster: len(looking.owned(cluster, namespace)) == shop.OBJECTS - 4,
        )
        cart = looking.get(cluster, namespace, "deployments", "cart", "/apis/apps/v1")
        assert (
            cart["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/shop:2"
        )
        assert not looking.get(cluster, namespace, "deployments", "catalog", "/apis/apps/v1")

    status = hub.eventually(
        "the source is ready at the new commit",
        lambda: (
            (found := hub.status(namespace, "shop"))["ready"]
            and changed in found["applied"]
            and found
        ),
    )
    assert {each["cluster"]: each["state"] for each in status["clusters"]} == {
        "east": "Applied",
        "west": "Applied",
    }
    deployments = hub.json("source", "deployments", namespace, "shop")
    assert {(each["cluster"], each["commit"]) for each in deployments} >= {
        ("east", changed),
        ("west", changed),
    }
    assert len(deployments) == 4
    assert "not-to-be-seen-anywhere" not in hub.log
    hub.manage("verify_audit")


def test_a_broken_commit_applies_nothing_deletes_nothing_and_says_where(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    good = repository.commit(shop.files("plain", kustomize=False))
    hub.add_source(namespace, "shop", repository, path="plain")

    repository.commit(
        {
            "plain/web.yaml": shop.component("web", image="registry.example/shop:2"),
            "plain/orders.yaml": None,
            "plain/zz.yaml": shop.config_map("zz").replace("name: zz", "name: zz\n  name: twice"),
        }
    )

    status = hub.eventually(
        "the source says that the commit is broken",
        lambda: (found := hub.status(namespace, "shop"))["stalled"] and found,
    )
    assert "plain/zz.yaml" in status["message"]
    assert "plain/zz.yaml:5" in status["message"]
    assert good in status["applied"]
    for cluster in east_and_west:
        assert len(looking.owned(cluster, namespace)) == shop.OBJECTS
        web = looking.get(cluster, namespace, "deployments", "web", "/apis/apps/v1")
        assert (
            web["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/shop:1"
        )

    mended = repository.commit({"plain/zz.yaml": None})

    hub.eventually(
        "the mended commit is applied",
        lambda: (found := hub.status(namespace, "shop"))["ready"] and mended in found["applied"],
    )
    for cluster in east_and_west:
        assert len(looking.owned(cluster, namespace)) == shop.OBJECTS - 4


def test_an_object_a_cluster_refuses_is_named_with_its_file_and_nothing_is_pruned(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    hub.add_source(namespace, "shop", repository, path="deploy")

    repository.commit(
        {
            "deploy/web.yaml": shop.component("web").replace("port: 80,", "port: 800000,"),
            "deploy/catalog.yaml": None,
            "deploy/kustomization.yaml": "resources:\n"
            + "".join(
                f"- {each}.yaml\n" for each in ("web", "cart", "orders", "payments", "shared")
            ),
        }
    )

    status = hub.eventually(
        "both clusters say what they refuse",
        lambda: (
            (found := hub.status(namespace, "shop"))
            and all("web.yaml" in each["message"] for each in found["clusters"])
            and "web.yaml" in found["message"]
            and found
        ),
    )
    assert status["ready"] is False
    assert "Service" in status["message"]
    for cluster in east_and_west:
        assert len(looking.owned(cluster, namespace)) == shop.OBJECTS
