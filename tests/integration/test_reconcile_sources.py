"""Placing to the end of a source, and what its status says meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from federation import reconcile
from federation.models import Propagation
from federation.operations import propagations
from gitops.models import GitRepository, Kustomization
from gitops.operations import sources, suspensions
from gitops.operations.sources import SourceSpec
from projects import ledger, worker
from projects.errors import Conflict
from projects.models import Change
from tests import factories
from tests.factories import NOW, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db
State = Propagation.State
URL = "https://git.example.com/shop.git"


@pytest.fixture
def source() -> Kustomization:
    project = factories.project()
    factories.attachment(project, factories.cluster("east"))
    made = factories.source(project)
    factories.published(made, factories.config_map("a"))
    return made


def ready(source: Kustomization) -> dict[str, Any]:
    source.refresh_from_db()
    (found,) = [each for each in source.conditions if each["type"] == "Ready"]
    return dict(found)


def arrive(row: Propagation) -> None:
    state = row.desired_state
    assert state is not None
    propagations.record(
        lease=factories.claimed(row),
        next_attempt_at=worker.database_now() + timedelta(hours=1),
        failed=False,
        columns={
            "state": State.APPLIED,
            "applied_digest": state.digest,
            "applied_revision": state.revision.name,
        },
    )


def test_a_source_is_ready_when_every_cluster_holds_its_revision(source: Kustomization) -> None:
    (row,) = factories.placed(source)
    reconcile.summarise(owner_uid=source.uid, now=NOW)
    assert ready(source)["status"] == "Unknown"

    arrive(row)
    reconcile.summarise(owner_uid=source.uid, now=NOW)

    assert ready(source)["status"] == "True"
    assert source.last_applied_revision == "main@sha1:" + "a1" * 20


def test_a_source_that_leaves_every_cluster_has_arrived_nowhere(source: Kustomization) -> None:
    factories.placed(source)
    spec = SourceSpec(url=URL, placement={"clusters": []})
    sources.update(source=source, spec=spec, actor=ROOT, now=NOW)
    factories.placed(source)

    reconcile.summarise(owner_uid=source.uid, now=NOW)

    source.refresh_from_db()
    assert source.last_applied_revision == ""


def test_a_source_whose_rendering_was_set_aside_is_not_called_ready(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    """Q-04: what its clusters hold is the commit before the one that kills workers."""
    (row,) = factories.placed(source)
    arrive(row)
    limit = Kustomization.CRASH_LIMIT

    def crash() -> None:
        Kustomization.objects.wake()
        Kustomization.objects.update(crash_count=limit)

    forge(crash)
    reconcile.set_aside(now=NOW)

    reconcile.summarise(owner_uid=source.uid, now=NOW)

    assert ready(source)["reason"] == "WorkerCrashed"


def test_a_deleted_source_goes_with_its_last_row(source: Kustomization) -> None:
    factories.placed(source)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    reconcile.place(source_id=source.pk, now=NOW)
    assert Kustomization.objects.exists()
    propagations.removed(lease=factories.claimed(Propagation.objects.get()))

    reconcile.place(source_id=source.pk, now=NOW)

    assert not Kustomization.objects.exists()
    assert not GitRepository.objects.exists()


def test_a_deleted_source_does_not_wait_for_debts(source: Kustomization) -> None:
    factories.placed(source)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    (row,) = factories.placed(source)
    propagations.owe(row=row, now=NOW)

    reconcile.place(source_id=source.pk, now=NOW)

    assert not Kustomization.objects.exists()
    assert Propagation.objects.debts().count() == 1


def test_a_worker_that_dies_before_the_source_is_gone_leaves_it_due(
    source: Kustomization,
) -> None:
    """R-18: between the placement of a deleted source and its end lies a moment."""
    sources.request_deletion(source=source, actor=ROOT, now=NOW)

    propagations.place(source_id=source.pk)

    assert source in Kustomization.objects.placement_due()


def test_a_source_is_taken_away_once(source: Kustomization) -> None:
    other = Kustomization.objects.get(pk=source.pk)
    sources.finalize(source=source, now=NOW)

    sources.finalize(source=other, now=NOW)

    gone = Change.objects.filter(type="DELETED", kind="FederatedKustomization")
    assert gone.count() == 1


def test_an_old_look_at_a_source_does_not_take_its_deletion_back(source: Kustomization) -> None:
    old = Kustomization.objects.select_related("project").get(pk=source.pk)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)

    with pytest.raises(Conflict):
        sources.update(source=old, spec=SourceSpec(url=URL), actor=ROOT, now=NOW)

    source.refresh_from_db()
    assert source.deletion_requested_at is not None


def test_an_update_writes_over_nothing_a_worker_wrote(source: Kustomization) -> None:
    old = Kustomization.objects.select_related("project").get(pk=source.pk)
    before = old.desired_state_id
    factories.published(source, factories.config_map("b"), commit="b2" * 20)

    sources.update(source=old, spec=SourceSpec(url=URL, path="deploy"), actor=ROOT, now=NOW)

    source.refresh_from_db()
    assert source.desired_state_id != before


def test_a_suspension_shows_without_any_run(source: Kustomization) -> None:
    (row,) = factories.placed(source)
    arrive(row)
    reconcile.summarise(owner_uid=source.uid, now=NOW)

    suspensions.suspend(source=source, actor=ROOT, now=NOW)

    source.refresh_from_db()
    assert source.status_due
    reconcile.summarise(owner_uid=source.uid, now=NOW)
    assert ready(source)["reason"] == "Suspended"
    assert not source.status_due


def test_the_end_of_a_suspension_is_written_down_once(source: Kustomization) -> None:
    """Two ticks at once, of two workers."""
    now = worker.database_now()
    until = now + timedelta(seconds=1)
    suspensions.suspend(source=source, actor=ROOT, now=now, until=until)
    with ledger.operation():
        source.suspensions.update(until=now - timedelta(seconds=1))

    first = suspensions.end_run_out(now=now)
    second = suspensions.end_run_out(now=now)

    assert (first, second) == (1, 0)
    assert source.suspensions.get().ended_by == "its end time"
