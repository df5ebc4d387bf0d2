"""A cluster that does not answer is failing for every source there, tried since or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from federation import standing
from federation.models import Propagation
from federation.operations import waiting
from projects.operations import clusters
from tests import factories
from tests.factories import NOW

if TYPE_CHECKING:
    from gitops.models import Kustomization

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed() -> Kustomization:
    project = factories.project()
    factories.attachment(project, factories.cluster("east"))
    source = factories.source(project)
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}}
    factories.published(source, manifest)
    factories.placed(source)
    return source


def test_the_fault_of_a_cluster_is_the_fault_of_a_source_that_reached_it_before(
    placed: Kustomization,
) -> None:
    row = Propagation.objects.select_related("cluster").get()
    assert standing.of_row(row, None).fault is None

    clusters.observe(
        cluster=row.cluster, now=NOW, ready=False, reason="ClusterUnreachable", message="no answer"
    )

    fault = standing.of_row(row, None).fault
    assert fault is not None
    assert (fault.reason, fault.retry) == ("ClusterNotReady", True)
    assert "no answer" in fault.message


def test_a_cluster_that_falls_silent_has_the_status_of_every_source_there_written_again(
    placed: Kustomization,
) -> None:
    row = Propagation.objects.select_related("cluster").get()
    elsewhere = factories.source(factories.project("other"), "elsewhere")

    waiting.postpone(cluster=row.cluster, until=NOW)

    placed.refresh_from_db()
    elsewhere.refresh_from_db()
    assert placed.status_due
    assert not elsewhere.status_due
