"""Fixtures that hand real clusters to tests, and a summary that nobody can overlook.

In: the programs built by tests.realcluster.build. Out: `real_cluster`, `two_clusters` and
`cluster_factory`. A test that uses one of them is marked `realcluster` without saying so, and a
test with database fixtures `database`, so that the runs of scripts/test.py never miss one. Where
the programs cannot be had a test is skipped and named at the end of the run; with CI=true it fails,
for a check that silently did not run is worse than none.

Loaded by `pytest_plugins` in tests/conftest.py.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.realcluster import build
from tests.realcluster.pool import ClusterPool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.realcluster.cluster import RealCluster

_CLUSTER_FIXTURES = frozenset({"cluster_factory", "real_cluster", "two_clusters"})
_DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_setup", "live_server"})


class ClusterFactory(Protocol):
    """What `cluster_factory` is: a function from how many to the clusters."""

    def __call__(self, count: int = 1) -> tuple[RealCluster, ...]:
        """Return that many running clusters."""


@pytest.fixture(scope="session")
def cluster_pool() -> Iterator[ClusterPool]:
    """The clusters of this process; tests ask `cluster_factory`, which tidies up after them."""
    reason = build.why_missing(os.environ)
    if reason:
        _cannot_test(f"REAL-CLUSTER TESTS NOT RUN: {reason}")
    pool = ClusterPool(binaries=build.find(os.environ))
    yield pool
    pool.close()


@pytest.fixture
def cluster_factory(cluster_pool: ClusterPool) -> Iterator[ClusterFactory]:
    """Hand out clusters; afterwards those a test stopped run again and its namespaces go."""

    def take(count: int = 1) -> tuple[RealCluster, ...]:
        return cluster_pool.take(count)

    yield take
    cluster_pool.restore()


@pytest.fixture
def real_cluster(cluster_factory: ClusterFactory) -> RealCluster:
    """One running cluster."""
    return cluster_factory(1)[0]


@pytest.fixture
def two_clusters(cluster_factory: ClusterFactory) -> tuple[RealCluster, RealCluster]:
    """Two running clusters that know nothing of each other: own authority, own token, own data."""
    first, second = cluster_factory(2)
    return first, second


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers this plugin sets."""
    config.addinivalue_line(
        "markers", "realcluster: needs a real kube-apiserver (set by its fixtures)"
    )
    config.addinivalue_line("markers", "database: needs the database (set by its fixtures)")


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use."""
    for item in items:
        used = frozenset(getattr(item, "fixturenames", ()))
        if used & _CLUSTER_FIXTURES:
            item.add_marker(pytest.mark.realcluster)
        if used & _DATABASE_FIXTURES or item.get_closest_marker("django_db") is not None:
            item.add_marker(pytest.mark.database)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what did not run and why, in capitals, with counts."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    if not reasons:
        return
    terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}", red=True)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    where = report.longrepr
    return str(where[2]).removeprefix("Skipped: ") if isinstance(where, tuple) else str(where)


def _cannot_test(reason: str) -> None:
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason} (with CI=true that is a failure)", pytrace=False)
    pytest.skip(reason)
