"""Deleting a source takes what it applied and nothing else; other owners are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.functional import looking, shop

if TYPE_CHECKING:
    from tests.fakes.git import Repository
    from tests.functional.hub import Hub
    from tests.realcluster.cluster import RealCluster


def test_delete_removes_what_was_applied_and_nothing_else(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    hub.add_source(namespace, "shop", repository, path="deploy")
    for cluster in east_and_west:
        cluster.kubectl("-n", namespace, "create", "configmap", "somebodys", "--from-literal=a=b")

    hub.manage("source", "delete", namespace, "shop", "--wait", "60")

    for cluster in east_and_west:
        assert looking.owned(cluster, namespace) == set()
        assert looking.config_map(cluster, namespace, "somebodys") == {"a": "b"}
        assert namespace in cluster.namespaces()
    assert hub.json("source", "list", namespace) == []


def test_a_suspended_source_can_be_deleted_and_orphan_leaves_its_objects(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    east, _ = east_and_west
    hub.add_source(namespace, "shop", repository, path="deploy")
    hub.manage("source", "suspend", namespace, "shop")

    hub.manage("source", "delete", namespace, "shop", "--orphan", "--wait", "60")

    assert looking.owned(east, namespace) == set()
    assert looking.config_map(east, namespace, "web") == {"greeting": "hello from web"}


def test_a_second_source_that_claims_an_object_is_refused_by_name(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    east, west = east_and_west
    repository.commit(
        {
            "other/web.yaml": shop.config_map("web", greeting="mine"),
            "other/own.yaml": shop.config_map("own", a="b"),
        }
    )
    hub.add_source(namespace, "shop", repository, path="deploy")

    hub.add_source(namespace, "second", repository, path="other", wait=False)

    status = hub.eventually(
        "both clusters refuse the second source",
        lambda: (
            (found := hub.status(namespace, "second"))
            and len(found["clusters"]) == 2
            and all(each["reason"] == "OwnershipConflict" for each in found["clusters"])
            and "OwnershipConflict" in found["message"]
            and found
        ),
    )
    assert "ConfigMap" in status["message"]
    assert "shop" in status["message"]
    for cluster in (east, west):
        assert looking.config_map(cluster, namespace, "web") == {"greeting": "hello from web"}

    hub.manage("source", "delete", namespace, "second", "--wait", "60")

    for cluster in (east, west):
        assert looking.config_map(cluster, namespace, "web") == {"greeting": "hello from web"}


def test_an_object_of_nobody_is_refused_until_adoption_is_switched_on(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    east, _ = east_and_west
    repository.commit({"one/web.yaml": shop.config_map("web", greeting="from git")})
    hub.eventually("the namespace is there", lambda: namespace in east.namespaces())
    east.kubectl("-n", namespace, "create", "configmap", "web", "--from-literal=greeting=by-hand")
    add = (
        "source",
        "add",
        namespace,
        "one",
        "--url",
        repository.url,
        "--path",
        "one",
        "--secret",
        "git",
    )
    hub.manage(*add, "--cluster", "east")
    hub.eventually(
        "it is refused",
        lambda: (
            [each["reason"] for each in hub.status(namespace, "one")["clusters"]]
            == ["OwnershipConflict"]
        ),
    )
    assert looking.config_map(east, namespace, "web") == {"greeting": "by-hand"}
    hub.manage("source", "delete", namespace, "one", "--wait", "60")
    assert looking.config_map(east, namespace, "web") == {"greeting": "by-hand"}

    hub.manage(*add, "--cluster", "east", "--adopt", "--wait", "60")

    assert looking.config_map(east, namespace, "web") == {"greeting": "from git"}


def test_a_large_prune_waits_for_a_confirmation_that_names_the_commit(
    hub: Hub,
    namespace: str,
    repository: Repository,
    east_and_west: tuple[RealCluster, RealCluster],
) -> None:
    hub.add_source(namespace, "shop", repository, path="deploy")
    commit = repository.commit({"deploy/kustomization.yaml": "resources: [web.yaml]\n"})

    status = hub.eventually(
        "the prune is blocked",
        lambda: (
            (found := hub.status(namespace, "shop"))
            and all(each["reason"] == "PruneBlocked" for each in found["clusters"])
            and found["ready"] is False
            and found
        ),
    )
    assert "PruneBlocked" in status["message"]
    for cluster in east_and_west:
        assert len(looking.owned(cluster, namespace)) == shop.OBJECTS
    hub.manage("source", "confirm-prune", namespace, "shop", "0" * 40, code=1)

    hub.manage("source", "confirm-prune", namespace, "shop", commit)

    for cluster in east_and_west:
        hub.eventually(
            "only web is left", lambda cluster=cluster: len(looking.owned(cluster, namespace)) == 4
        )
