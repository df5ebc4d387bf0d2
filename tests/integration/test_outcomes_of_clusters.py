"""What a cluster as a whole does to what waits for it: silence, answers, debts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from federation.member.errors import (
    AddressNotAllowed,
    ClusterError,
    ClusterUnreachable,
    Unauthorized,
)
from federation.models import Propagation
from federation.operations import outcomes, waiting
from gitops.operations import sources
from projects import worker
from projects.crypto import CredentialUndecryptable
from projects.kube import verdicts
from projects.models import Cluster
from projects.operations import clusters, leases
from projects.operations.leases import NEVER, Lease
from tests import factories
from tests.factories import NOW, ROOT

if TYPE_CHECKING:
    from gitops.models import Kustomization
    from projects.errors import DomainError

pytestmark = pytest.mark.django_db
State = Propagation.State


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


def fail(lease: Lease, row: Propagation, error: DomainError) -> None:
    now = worker.database_now()
    outcomes.record_failure(lease=lease, row=row, fault=verdicts.fault(error), now=now)


def leaving(source: Kustomization) -> Propagation:
    """The row of a source that is being deleted."""
    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    return factories.placed(source)[0]


def test_a_silent_cluster_is_said_to_be_and_what_waits_for_it_waits(
    source: Kustomization, row: Propagation
) -> None:
    other = factories.source(source.project, "other")
    factories.published(other, factories.config_map("b"))
    (waiting_row,) = factories.placed(other)
    lease = factories.claimed(row)

    fail(lease, row, ClusterUnreachable("no answer"))

    row.refresh_from_db()
    waiting_row.refresh_from_db()
    assert waiting_row.next_attempt_at == row.next_attempt_at
    (ready,) = Cluster.objects.get().conditions
    assert (ready["status"], ready["reason"]) == ("False", "ClusterUnreachable")


def test_a_cluster_that_answers_wakes_what_failed_and_what_was_postponed(
    source: Kustomization, row: Propagation
) -> None:
    other = factories.source(source.project, "other")
    factories.published(other, factories.config_map("b"))
    (waiting_row,) = factories.placed(other)
    fail(factories.claimed(row), row, Unauthorized("the token ended"))

    waiting.answered(cluster=row.cluster)

    for each in (row, waiting_row):
        each.refresh_from_db()
        assert each.next_attempt_at <= worker.database_now()


@pytest.mark.parametrize(
    "error",
    [
        ClusterUnreachable("no answer"),
        ClusterError("503 of a balancer"),
        AddressNotAllowed("an address that is never called"),
        CredentialUndecryptable("no key opens it"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_deletion_waits_for_no_cluster_that_cannot_be_worked_with(
    source: Kustomization, error: DomainError
) -> None:
    """R-39: what is left becomes a debt, whatever keeps the cluster from being reached."""
    row = leaving(source)

    fail(factories.claimed(row), row, error)

    row.refresh_from_db()
    assert row.debt_since is not None
    assert row.state == State.REMOVING


def test_a_debt_that_no_retry_helps_is_tried_again_when_the_cluster_answers(
    source: Kustomization,
) -> None:
    """A lost key stops retries; another credential brings them back."""
    row = leaving(source)
    fail(factories.claimed(row), row, CredentialUndecryptable("no key opens it"))
    row.refresh_from_db()
    assert row.next_attempt_at == NEVER

    waiting.answered(cluster=row.cluster)

    row.refresh_from_db()
    assert row.next_attempt_at <= worker.database_now()


def test_a_zombie_says_nothing_of_its_cluster_and_makes_no_debt(source: Kustomization) -> None:
    """R-23: a worker that was stopped for minutes sees its own sockets time out."""
    row = leaving(source)
    old = factories.claimed(row, who="zombie")
    leases.beat(worker="zombie", group="", seconds=-1, busy=True)
    factories.claimed(row, who="heir")

    fail(old, row, ClusterUnreachable("no answer"))

    row.refresh_from_db()
    assert row.debt_since is None
    assert row.lease_worker == "heir"
    assert Cluster.objects.get().conditions == []


def test_an_old_look_at_a_cluster_does_not_forget_its_identity(row: Propagation) -> None:
    """R-40: a run that began before the first probe ends after it."""
    old = Cluster.objects.get()
    clusters.observe(
        cluster=Cluster.objects.get(),
        now=NOW,
        ready=True,
        reason="ClusterReady",
        message="",
        identity="u1",
    )

    clusters.observe(
        cluster=old, now=NOW, ready=False, reason="ClusterUnreachable", message="no answer"
    )

    assert Cluster.objects.get().identity == "u1"


def test_another_credential_does_not_forget_what_is_known_of_a_cluster(row: Propagation) -> None:
    old = Cluster.objects.get()
    clusters.observe(
        cluster=Cluster.objects.get(),
        now=NOW,
        ready=True,
        reason="ClusterReady",
        message="",
        identity="u1",
    )
    spec = clusters.ClusterSpec(
        server="https://127.0.0.1:6444", ca_pem="", credential={"token": "another"}
    )

    clusters.replace_credential(cluster=old, spec=spec, actor=ROOT, now=NOW)

    assert Cluster.objects.get().identity == "u1"
