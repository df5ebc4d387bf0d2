"""Leases: one writer a row, by the database's clock, and a lost lease moves nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from gitops.models import GitRepository
from projects import ledger, worker
from projects.operations import leases
from tests import factories

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository() -> GitRepository:
    source = factories.source(factories.project())
    return GitRepository.objects.get(name=source.source_name)


def claim(who: str) -> tuple[leases.Lease, ...]:
    leases.beat(worker=who, group="", seconds=30, busy=True)
    return leases.claim(GitRepository.objects.all(), worker=who)


def test_a_claimed_row_is_nobody_elses(repository: GitRepository) -> None:
    first = claim("one")

    second = claim("two")

    assert len(first) == 1
    assert second == ()


def test_a_row_of_a_worker_that_is_gone_is_taken_over_and_counts_a_crash(
    repository: GitRepository,
) -> None:
    leases.beat(worker="gone", group="", seconds=-1, busy=True)
    (old,) = leases.claim(GitRepository.objects.all(), worker="gone")

    (new,) = claim("heir")

    repository.refresh_from_db()
    assert new.epoch == old.epoch + 1
    assert repository.crash_count == 1


def test_a_zombie_writes_nothing(repository: GitRepository) -> None:
    leases.beat(worker="zombie", group="", seconds=-1, busy=True)
    (old,) = leases.claim(GitRepository.objects.all(), worker="zombie")
    claim("heir")

    kept = leases.release(old, next_attempt_at=None, failed=False, url="https://forged.example")

    repository.refresh_from_db()
    assert not kept
    assert repository.lease_worker == "heir"
    assert repository.url != "https://forged.example"


def test_work_that_kills_three_workers_is_set_aside_until_something_changes(
    repository: GitRepository,
) -> None:
    for name in ("a", "b", "c"):
        leases.beat(worker=name, group="", seconds=-1, busy=True)
        assert len(leases.claim(GitRepository.objects.all(), worker=name)) == 1

    assert claim("d") == ()
    assert leases.quarantined([GitRepository]) == [repository]

    with ledger.operation():
        GitRepository.objects.filter(pk=repository.pk).wake()
    assert len(claim("e")) == 1


def test_a_wake_up_during_a_run_makes_the_row_due_again(repository: GitRepository) -> None:
    (lease,) = claim("one")
    with ledger.operation():
        GitRepository.objects.filter(pk=repository.pk).wake()

    leases.release(lease, next_attempt_at=None, failed=False)

    repository.refresh_from_db()
    assert repository.done_generation < repository.wanted_generation
    assert len(claim("two")) == 1


def test_a_row_that_is_done_rests_until_its_time(repository: GitRepository) -> None:
    (lease,) = claim("one")

    leases.release(lease, next_attempt_at=worker.database_now() + timedelta(hours=1), failed=False)

    assert claim("two") == ()


def test_a_lease_that_ran_out_cannot_be_renewed(repository: GitRepository) -> None:
    leases.beat(worker="slow", group="", seconds=0.05, busy=True)
    time.sleep(0.1)

    assert not leases.renew(worker="slow", seconds=30)


def test_a_restart_ends_the_leases_of_its_group_at_once(repository: GitRepository) -> None:
    leases.beat(worker="old", group="g1", seconds=600, busy=True)
    leases.claim(GitRepository.objects.all(), worker="old")

    leases.retire(group="g1")

    assert len(claim("new")) == 1


@pytest.mark.django_db(transaction=True)
def test_eight_workers_on_twenty_rows_never_meet(forge: Callable[..., Any]) -> None:
    """R-22: the property test of the lease contract."""
    project = factories.project()
    for number in range(20):
        factories.source(project, f"s{number}")
    holding: Counter[int] = Counter()
    overlaps: list[int] = []
    done: Counter[int] = Counter()
    lock = threading.Lock()

    def work(name: str) -> None:
        try:
            leases.beat(worker=name, group="", seconds=60, busy=True)
            for _ in range(12):
                for lease in leases.claim(GitRepository.objects.all(), worker=name, limit=2):
                    with lock:
                        holding[lease.pk] += 1
                        if holding[lease.pk] > 1:
                            overlaps.append(lease.pk)
                    time.sleep(0.002)
                    with lock:
                        holding[lease.pk] -= 1
                        done[lease.pk] += 1
                    leases.release(lease, next_attempt_at=None, failed=False)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert overlaps == []
    assert len(done) == 20
    assert set(done.values()) == {1}
