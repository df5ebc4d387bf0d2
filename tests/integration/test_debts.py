"""Leaving to the end: rows that go, debts that stay, and what is written off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from federation.models import InventoryEntry, Propagation
from federation.operations import propagations
from projects.errors import Conflict
from projects.models import Cluster
from projects.operations import clusters, leases
from tests import factories
from tests.factories import NOW, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops.models import Kustomization

pytestmark = pytest.mark.django_db
State = Propagation.State


@pytest.fixture
def source() -> Kustomization:
    """A source with one object, for the clusters east (tier=prod) and west."""
    project = factories.project()
    factories.attachment(project, factories.cluster("east", labels={"tier": "prod"}))
    factories.attachment(project, factories.cluster("west"))
    made = factories.source(project)
    factories.published(made, factories.config_map("a"))
    return made


def state_of(row: Propagation) -> str:
    row.refresh_from_db()
    return str(row.state)


def owed_by(row: Propagation) -> Propagation:
    """Have a row leave a cluster that does not answer."""
    propagations.owe(row=row, now=NOW)
    row.refresh_from_db()
    return row


def holds(row: Propagation, forge: Callable[..., Any], name: str = "a") -> None:
    forge(
        lambda: InventoryEntry.objects.create(
            cluster=row.cluster, owner_uid=row.owner_uid, version="v1", kind="ConfigMap", name=name
        )
    )


def test_a_cluster_chosen_again_before_it_was_left_is_wanted_again(source: Kustomization) -> None:
    factories.placed(source)
    (_, west) = factories.place_at(source, factories.named("east"))
    owed_by(west)

    factories.place_at(source, factories.named("east", "west"))

    assert state_of(west) == State.PENDING
    assert west.debt_since is None


def test_a_row_goes_only_when_nothing_is_left(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    factories.placed(source)
    (_, west) = factories.place_at(source, factories.named("east"))
    holds(west, forge)
    lease = factories.claimed(west)

    assert not propagations.removed(lease=lease)

    forge(lambda: InventoryEntry.objects.all().delete())
    assert propagations.removed(lease=lease)
    assert not Propagation.objects.filter(pk=west.pk).exists()


def test_a_zombie_removes_no_row(source: Kustomization) -> None:
    factories.placed(source)
    (_, west) = factories.place_at(source, factories.named("east"))
    leases.beat(worker="zombie", group="", seconds=60, busy=True)
    (old,) = leases.claim(Propagation.objects.filter(pk=west.pk), worker="zombie")
    leases.beat(worker="zombie", group="", seconds=-1, busy=True)
    factories.claimed(west, who="heir")

    assert not propagations.removed(lease=old)


def test_the_hidden_row_of_a_removed_cluster_goes_with_its_last_debt(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    factories.placed(source)
    (_, west) = factories.place_at(source, factories.named("east"))
    holds(west, forge)
    owed_by(west)
    forge(lambda: source.project.attachments.filter(cluster=west.cluster).delete())
    clusters.remove(cluster=west.cluster, actor=ROOT, now=NOW)
    assert not Cluster.objects.present().filter(name="west").exists()

    propagations.write_off(row=west, actor=ROOT, now=NOW)

    assert not Cluster.objects.filter(name="west").exists()
    assert not InventoryEntry.objects.exists()


def test_what_is_wanted_again_is_not_written_off(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    """The operator saw a debt; meanwhile the cluster was chosen again."""
    factories.placed(source)
    (_, west) = factories.place_at(source, factories.named("east"))
    holds(west, forge)
    debt = owed_by(west)
    factories.place_at(source, factories.named("east", "west"))

    with pytest.raises(Conflict):
        propagations.write_off(row=debt, actor=ROOT, now=NOW)

    assert InventoryEntry.objects.exists()
