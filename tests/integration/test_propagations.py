"""Placing, leaving, owing: which rows a source has, and what they want."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from federation.models import Propagation
from federation.operations import propagations
from gitops.models import Kustomization
from gitops.operations import sources, suspensions
from gitops.operations.sources import SourceSpec
from projects import worker
from projects.operations import attachments, leases
from projects.operations.leases import NEVER
from tests import factories
from tests.factories import NOW, ROOT

pytestmark = pytest.mark.django_db
State = Propagation.State
SPEC: dict[str, Any] = {"url": "https://git.example.com/shop.git"}


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


def test_the_empty_selector_is_every_cluster(source: Kustomization) -> None:
    rows = factories.placed(source)

    assert [(row.cluster.name, row.state) for row in rows] == [
        ("east", State.PENDING),
        ("west", State.PENDING),
    ]
    assert {row.desired_state_id for row in rows} == {source.desired_state_id}


def test_a_selector_takes_clusters_by_label(source: Kustomization) -> None:
    rows = factories.place_at(source, {"clusterSelector": {"matchLabels": {"tier": "prod"}}})

    assert [row.cluster.name for row in rows] == ["east"]


def test_named_clusters_win_over_the_selector(source: Kustomization) -> None:
    rows = factories.place_at(source, {**factories.named("west", "nowhere"), "clusterSelector": {}})

    assert [row.cluster.name for row in rows] == ["west"]


def test_a_cluster_that_is_no_longer_chosen_is_left(source: Kustomization) -> None:
    factories.placed(source)

    east, west = factories.place_at(source, factories.named("east"))

    assert (east.state, west.state) == (State.PENDING, State.REMOVING)
    assert not west.orphan


def test_a_source_that_does_not_prune_leaves_its_objects_behind(source: Kustomization) -> None:
    factories.placed(source)
    spec = SourceSpec(**SPEC, prune=False, placement=factories.named("east"))
    sources.update(source=source, spec=spec, actor=ROOT, now=NOW)

    (_, west) = factories.placed(source)

    assert west.state == State.REMOVING
    assert west.orphan


def test_leaving_is_asked_for_once(source: Kustomization) -> None:
    """A row that fails to leave keeps its back-off through further placements."""
    factories.placed(source)
    spec = SourceSpec(**SPEC, prune=False, placement=factories.named("east"))
    sources.update(source=source, spec=spec, actor=ROOT, now=NOW)
    (_, west) = factories.placed(source)
    before = west.wanted_generation

    factories.placed(source)

    west.refresh_from_db()
    assert west.wanted_generation == before


def test_a_removal_that_waits_for_a_person_is_tried_again_when_one_asks(
    source: Kustomization,
) -> None:
    factories.placed(source)
    (_, west) = factories.place_at(source, factories.named("east"))
    propagations.record(
        lease=factories.claimed(west),
        next_attempt_at=None,
        failed=True,
        columns={"state": State.REMOVING, "stalled": True},
    )

    sources.sync(source=source, actor=ROOT, now=NOW)
    factories.placed(source)

    west.refresh_from_db()
    assert west.next_attempt_at <= worker.database_now()
    assert not west.stalled


def test_a_deletion_asked_for_during_a_run_is_not_forgotten_at_its_end(
    source: Kustomization,
) -> None:
    """R-41: the run ends as applied, and the row must still be one to be removed."""
    east, _ = factories.placed(source)
    lease = factories.claimed(east)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    factories.placed(source)

    propagations.record(
        lease=lease, next_attempt_at=NEVER, failed=False, columns={"state": State.APPLIED}
    )

    assert state_of(east) == State.REMOVING
    assert east.next_attempt_at <= worker.database_now()


def test_a_cluster_chosen_again_during_its_removal_is_not_removed_once_more(
    source: Kustomization,
) -> None:
    factories.placed(source)
    (_, west) = factories.place_at(source, factories.named("east"))
    lease = factories.claimed(west)
    factories.place_at(source, factories.named("east", "west"))

    propagations.record(
        lease=lease, next_attempt_at=NEVER, failed=True, columns={"state": State.REMOVING}
    )

    assert state_of(west) == State.PENDING


def test_a_removal_that_killed_its_workers_is_set_aside_as_a_removal(
    source: Kustomization,
) -> None:
    factories.placed(source)
    (_, west) = factories.place_at(source, factories.named("east"))

    told = propagations.set_aside(row=west, reason="WorkerCrashed", message="it crashed")

    assert told
    assert state_of(west) == State.REMOVING
    assert west.stalled


def test_an_old_placement_that_failed_does_not_hide_a_new_spec(source: Kustomization) -> None:
    """A wake-up that comes between reading a source and giving up on it is not lost."""
    factories.placed(source)
    seen = Kustomization.objects.get(pk=source.pk)
    sources.sync(source=source, actor=ROOT, now=NOW)

    propagations.placement_failed(source=seen)

    assert source in Kustomization.objects.placement_due()


def test_a_detached_cluster_is_left_even_by_a_source_that_cannot_be_placed(
    source: Kustomization,
) -> None:
    factories.placed(source)
    attachment = source.project.attachments.get(cluster__name="west")
    attachments.detach(attachment=attachment, actor=ROOT, now=NOW)
    source.refresh_from_db()

    propagations.placement_failed(source=source)

    states = {row.cluster.name: row.state for row in Propagation.objects.select_related("cluster")}
    assert states == {"east": State.PENDING, "west": State.REMOVING}


def test_a_suspended_source_is_not_claimed_except_to_be_removed(source: Kustomization) -> None:
    factories.placed(source)
    factories.place_at(source, factories.named("east"))
    suspensions.suspend(source=source, actor=ROOT, now=NOW)
    leases.beat(worker="one", group="", seconds=60, busy=True)

    taken = propagations.claim(Propagation.objects.all(), worker="one", limit=10)

    found = Propagation.objects.filter(pk__in=[lease.pk for lease in taken])
    assert [row.state for row in found] == [State.REMOVING]


def test_a_suspension_of_one_cluster_leaves_the_others_going(source: Kustomization) -> None:
    factories.placed(source)
    suspensions.suspend(source=source, actor=ROOT, now=NOW, clusters=["west"])

    found = propagations.claimable(Propagation.objects.due())

    assert [row.cluster.name for row in found.select_related("cluster")] == ["east"]


def test_a_lost_namespace_is_prepared_again(source: Kustomization) -> None:
    attachment = source.project.attachments.get(cluster__name="east")
    attachments.prepared(
        lease=factories.lease(source.project.attachments.filter(pk=attachment.pk)),
        namespace_uid="u1",
        now=NOW,
    )
    attachment.refresh_from_db()
    assert attachment.next_attempt_at > worker.database_now() + timedelta(days=1)

    propagations.namespace_lost(attachment=attachment)

    attachment.refresh_from_db()
    assert attachment.namespace_uid == ""
    assert attachment.next_attempt_at <= worker.database_now()
