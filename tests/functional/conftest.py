"""Hubs, repositories and clusters for journeys: all real, all separate processes."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from tests.fakes import git
from tests.functional import hub as hubs
from tests.functional import shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.git import Repository
    from tests.fakes.git_server import GitServer
    from tests.functional.hub import Hub
    from tests.realcluster.cluster import RealCluster

PASSWORD = "correct horse battery staple"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    """A smart-HTTP Git server that wants a password."""
    with git.serve(tmp_path / "git", username="robot", password=PASSWORD) as found:
        yield found


@pytest.fixture
def repository(server: GitServer) -> Repository:
    """A repository with the shop in it."""
    found = git.Repository.create(server.directory, "shop", url=server.url)
    found.commit(shop.files(), message="open the shop")
    return found


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub on SQLite with a running worker."""
    with hubs.running(tmp_path / "hub") as found:
        yield found


@pytest.fixture
def namespace() -> str:
    """A project name, and so a namespace, that no other test used on these clusters."""
    return f"t-{secrets.token_hex(4)}"


@pytest.fixture
def east_and_west(
    hub: Hub, namespace: str, two_clusters: tuple[RealCluster, RealCluster]
) -> tuple[RealCluster, RealCluster]:
    """Two clusters attached to one project, which has the git secret."""
    east, west = two_clusters
    hub.add_cluster("east", east)
    hub.add_cluster("west", west)
    hub.add_project(namespace, "east", "west", password=PASSWORD)
    return east, west
