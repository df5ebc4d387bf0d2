"""What the tick finds and what it drops."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from federation import broker, tasks
from federation.models import Deployment, Propagation
from federation.operations import retention
from gitops.models import DesiredState, GitRepository, Kustomization
from projects import worker
from projects.models import Change, Cluster, ClusterEvent
from projects.operations import events
from tests import factories
from tests.factories import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Kustomization:
    project = factories.project()
    factories.attachment(project, factories.cluster("east"))
    made = factories.source(project)
    factories.published(made, factories.config_map("a"))
    return made


def sent() -> list[tuple[str, int | None]]:
    """The tasks that wait, in order."""
    packages = [SignedPackage.loads(row.payload) for row in OrmQ.objects.order_by("id")]
    return [(each["func"], each["kwargs"].get("id")) for each in packages]


def tick() -> list[tuple[str, int | None]]:
    OrmQ.objects.all().delete()
    tasks.tick()
    return sent()


def test_a_placement_that_nobody_was_told_of_is_found(source: Kustomization) -> None:
    assert ("federation.tasks.place", source.pk) in tick()


def test_a_propagation_that_is_due_is_found_and_a_suspended_one_is_not(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    factories.placed(source)
    assert ("federation.tasks.propagate_due", None) in tick()

    forge(lambda: Kustomization.objects.update(suspend=True))
    assert ("federation.tasks.propagate_due", None) not in tick()


def test_a_status_that_was_never_written_is_found(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    """R-18: the worker died between the end of a run and the status of its source."""
    factories.placed(source)
    assert ("federation.tasks.summarise", source.pk) not in tick()
    ago = worker.database_now() - timedelta(minutes=1)
    forge(lambda: Propagation.objects.update(status_due=True, attempted_at=ago))

    assert ("federation.tasks.summarise", source.pk) in tick()

    tasks.summarise(id=source.pk)
    assert ("federation.tasks.summarise", source.pk) not in tick()


def test_the_oldest_is_woken_first(source: Kustomization, forge: Callable[..., Any]) -> None:
    """Where work comes faster than it is done, a name late in the alphabet must not starve."""
    for number in range(3):
        factories.source(source.project, f"a{number}")
    late = factories.source(source.project, "zz")
    forge(
        lambda: GitRepository.objects.filter(name=late.source_name).update(
            next_attempt_at=F("next_attempt_at") - timedelta(hours=1)
        )
    )

    fetches = [pk for name, pk in tick() if name == "gitops.tasks.fetch"]

    assert fetches[0] == GitRepository.objects.get(name="zz").pk


def test_a_cluster_nobody_asked_for_long_is_probed(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    (cluster,) = Cluster.objects.all()
    now = worker.database_now()
    forge(lambda: Cluster.objects.update(probed_at=now))
    assert ("federation.tasks.probe", cluster.pk) not in tick()

    forge(lambda: Cluster.objects.update(probed_at=now - timedelta(minutes=10)))

    assert ("federation.tasks.probe", cluster.pk) in tick()


def test_ticks_left_by_dead_groups_stop_nothing_and_are_dropped(source: Kustomization) -> None:
    """Each supervisor that is killed leaves one; two hundred of them must not look like work."""
    OrmQ.objects.all().delete()
    ago = timezone.now() - timedelta(days=1)
    OrmQ.objects.bulk_create(
        [OrmQ(key=broker.group_key(f"pod-{number}"), lock=ago) for number in range(200)]
    )

    tasks.tick()

    assert OrmQ.objects.count() > 200
    assert broker.forget_groups(older_than=timedelta(hours=1)) == 200


def test_what_is_old_is_dropped_and_what_is_in_force_stays(
    source: Kustomization, forge: Callable[..., Any]
) -> None:
    (row,) = factories.placed(source)
    state = row.desired_state
    factories.published(source, factories.config_map("b"), commit="b2" * 20)
    factories.published(source, factories.config_map("c"), commit="c3" * 20)
    events.record(
        project=source.project,
        kind="FederatedKustomization",
        uid=source.uid,
        name=source.name,
        reason="Progressing",
        message="",
        now=NOW,
    )
    later = NOW + timedelta(days=4000)

    retention.forget_old(now=later)

    assert set(DesiredState.objects.all()) == {state, source.desired_state}
    assert not ClusterEvent.objects.exists()
    assert not Change.objects.exists()
    assert not Deployment.objects.exists()


def test_what_is_young_is_kept(source: Kustomization) -> None:
    factories.published(source, factories.config_map("b"), commit="b2" * 20)
    changes = Change.objects.count()

    retention.forget_old(now=worker.database_now())

    assert DesiredState.objects.count() == 2
    assert Change.objects.count() == changes
