"""Many rows at once, in threads: all are worked on once, and one that breaks hides no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from federation import batches, reconcile
from federation.models import Propagation
from gitops.models import Kustomization
from projects import worker
from projects.operations import leases
from tests import factories

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source() -> Kustomization:
    """A source for three clusters of which none answers: nobody listens on port 1."""
    project = factories.project()
    for number in range(3):
        made = factories.cluster(f"c{number}", server="https://127.0.0.1:1")
        factories.attachment(project, made)
    made = factories.source(project)
    factories.published(made, factories.config_map("a"))
    factories.placed(made)
    return made


def test_a_batch_works_off_every_row_that_is_due(source: Kustomization) -> None:
    with worker.working() as me:
        batches.propagate(Propagation.objects.of(source.uid), worker=me)

    rows = Propagation.objects.all()
    assert {(row.state, row.failures, row.lease_worker) for row in rows} == {("Failed", 1, "")}
    source.refresh_from_db()
    (ready,) = [each for each in source.conditions if each["type"] == "Ready"]
    assert ready["status"] == "False"
    assert not Propagation.objects.filter(status_due=True).exists()


def test_a_batch_takes_nothing_that_is_not_due(source: Kustomization) -> None:
    with worker.working() as me:
        batches.propagate(Propagation.objects.all(), worker=me)
        batches.propagate(Propagation.objects.all(), worker=me)

    assert {row.failures for row in Propagation.objects.all()} == {1}


class Gone(Exception):
    """What a database that is gone raises."""


def test_rows_left_behind_by_a_broken_run_are_free_when_the_old_lease_ends(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    """R-20: the process lives on and keeps beating, so it must not keep its old name."""
    with pytest.raises(Gone), worker.working() as me:  # noqa: PT012
        taken = leases.claim(Propagation.objects.all(), worker=me, limit=3)
        assert len(taken) == 3
        raise Gone

    with worker.working() as again:
        assert again != me
    forge(lambda: leases.WorkerLease.objects.filter(name=me).delete())

    with worker.working() as again:
        assert len(leases.claim(Propagation.objects.all(), worker=again, limit=3)) == 3


def test_a_source_that_cannot_be_summarised_hides_no_other(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    other = factories.source(source.project, "other")
    factories.published(other, factories.config_map("b"))
    factories.placed(other)
    forge(lambda: Kustomization.objects.filter(pk=source.pk).update(conditions=["no condition"]))
    found: set[Any] = {source.uid, other.uid}

    batches._summarise(found)

    other.refresh_from_db()
    assert other.federated["clusters"]
    with pytest.raises(AttributeError):
        reconcile.summarise(owner_uid=source.uid, now=factories.NOW)
    assert not connection.needs_rollback
