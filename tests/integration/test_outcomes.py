"""What a run leaves behind in rows: the propagation, the deployment, the event, the cluster."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from federation.apply import Outcome, Superseded
from federation.engine.changeset import Action, ChangeSet, ChangeSetEntry
from federation.engine.inventory import Inventory
from federation.member.errors import (
    ClusterUnreachable,
    Rejected,
)
from federation.models import Deployment, Propagation
from federation.operations import outcomes, propagations
from federation.operations.outcomes import Ended
from gitops.models import Kustomization
from gitops.operations import sources
from projects import worker
from projects.kube import verdicts
from projects.kube.refs import ObjectRef
from projects.models import Cluster, ClusterEvent
from projects.operations import leases
from projects.operations.leases import NEVER, Lease
from tests import factories
from tests.factories import NOW, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from projects.errors import DomainError

pytestmark = pytest.mark.django_db
State = Propagation.State
REF = ObjectRef(group="", version="v1", kind="ConfigMap", namespace="shop", name="a")


@pytest.fixture
def source() -> Kustomization:
    """A source with one object, placed on the cluster east."""
    project = factories.project()
    factories.attachment(project, factories.cluster("east"))
    made = factories.source(project)
    factories.published(made, factories.config_map("a"))
    factories.placed(made)
    return made


@pytest.fixture
def row(source: Kustomization) -> Propagation:
    return factories.placed(source)[0]


def ended(
    row: Propagation, *actions: Action, error: DomainError | None = None, drifted: bool = False
) -> Ended:
    entries = tuple(ChangeSetEntry(ref=REF, action=action) for action in actions)
    outcome = Outcome(
        changeset=ChangeSet(entries=entries),
        inventory=Inventory.of(()).claim([REF]),
        error=error,
        drifted=(REF,) if drifted else (),
    )
    return Ended(outcome=outcome, state=row.desired_state, message="applied", started_at=NOW)


def fail(lease: Lease, row: Propagation, error: DomainError) -> None:
    now = worker.database_now()
    outcomes.record_failure(lease=lease, row=row, fault=verdicts.fault(error), now=now)


def reasons() -> Sequence[str]:
    return list(ClusterEvent.objects.order_by("id").values_list("reason", flat=True))


def test_what_arrived_is_a_deployment_and_an_event(row: Propagation) -> None:
    now = worker.database_now()
    lease = factories.claimed(row)

    outcomes.record(lease=lease, row=row, ended=ended(row, Action.CREATED), now=now)

    row.refresh_from_db()
    assert (row.state, row.failures, row.lease_worker) == (State.APPLIED, 0, "")
    assert row.object_count == 1
    assert row.counts == {"Created": 1}
    assert now < row.next_attempt_at <= now + timedelta(seconds=60)
    deployment = Deployment.objects.get()
    assert (deployment.started_at, deployment.finished_at) == (NOW, now)
    assert deployment.commit == "a1" * 20
    assert reasons() == ["ReconciliationSucceeded"]


def test_a_comparison_that_found_nothing_says_nothing(row: Propagation) -> None:
    now = worker.database_now()
    outcomes.record(
        lease=factories.claimed(row), row=row, ended=ended(row, Action.CREATED), now=now
    )
    factories.placed(Kustomization.objects.get())
    lease = factories.claimed(row)

    outcomes.record(lease=lease, row=row, ended=ended(row, Action.UNCHANGED), now=now)

    assert Deployment.objects.count() == 1
    assert reasons() == ["ReconciliationSucceeded"]


def test_drift_that_was_taken_back_is_an_event(row: Propagation) -> None:
    now = worker.database_now()
    lease = factories.claimed(row)

    outcomes.record(
        lease=lease, row=row, ended=ended(row, Action.CONFIGURED, drifted=True), now=now
    )

    assert reasons() == ["ReconciliationSucceeded", "DriftCorrected"]


def test_a_refused_object_waits_for_another_commit(row: Propagation) -> None:
    lease = factories.claimed(row)

    outcomes.record(
        lease=lease, row=row, ended=ended(row, error=Rejected("no")), now=worker.database_now()
    )

    row.refresh_from_db()
    assert (row.state, row.stalled, row.next_attempt_at) == (State.FAILED, True, NEVER)
    assert ClusterEvent.objects.get().type == "Warning"


def test_an_overtaken_run_starts_over_and_has_not_failed(row: Propagation) -> None:
    lease = factories.claimed(row)

    outcomes.record(
        lease=lease, row=row, ended=ended(row, error=Superseded("newer")), now=worker.database_now()
    )

    row.refresh_from_db()
    assert (row.state, row.failures, row.lease_worker) == (State.PENDING, 0, "")
    assert row.next_attempt_at <= worker.database_now()


def test_the_next_attempt_counts_from_the_end_of_the_run(row: Propagation) -> None:
    """A run of two minutes that fails must not be due again in the moment it ends."""
    lease = factories.claimed(row)
    now = worker.database_now()

    fail(lease, row, ClusterUnreachable("no answer"))

    row.refresh_from_db()
    assert row.next_attempt_at > now + timedelta(seconds=10)


def test_a_zombies_good_end_is_not_written_down(row: Propagation) -> None:
    old = factories.claimed(row, who="zombie")
    leases.beat(worker="zombie", group="", seconds=-1, busy=True)
    factories.claimed(row, who="heir")

    kept = outcomes.record(
        lease=old, row=row, ended=ended(row, Action.CREATED), now=worker.database_now()
    )

    assert not kept
    assert not Deployment.objects.exists()
    assert reasons() == []
    assert Cluster.objects.get().conditions == []


def test_a_removal_overtaken_by_a_new_wish_is_no_failure(source: Kustomization) -> None:
    factories.placed(source)
    spec = sources.SourceSpec(url="https://git.example.com/shop.git", placement={"clusters": []})
    sources.update(source=source, spec=spec, actor=ROOT, now=NOW)
    (row,) = factories.placed(source)
    lease = factories.claimed(row)
    spec = sources.SourceSpec(url="https://git.example.com/shop.git")
    sources.update(source=source, spec=spec, actor=ROOT, now=NOW)
    factories.placed(source)
    gone = Outcome(changeset=ChangeSet(), inventory=Inventory())
    removal = Ended(outcome=gone, state=None, message="removed", started_at=NOW)

    outcomes.record(lease=lease, row=row, ended=removal, now=worker.database_now())

    row.refresh_from_db()
    assert (row.state, row.failures) == (State.PENDING, 0)


def test_the_status_of_the_source_is_due_after_each_run(row: Propagation) -> None:
    lease = factories.claimed(row)

    outcomes.record(
        lease=lease, row=row, ended=ended(row, Action.CREATED), now=worker.database_now()
    )

    row.refresh_from_db()
    assert row.status_due
    propagations.told(owner_uid=row.owner_uid)
    row.refresh_from_db()
    assert not row.status_due
