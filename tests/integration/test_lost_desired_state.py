"""A desired state that is gone from the database is never read as "nothing is wanted" (P4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from federation import running
from federation.models import Propagation
from federation.operations import propagations
from gitops import sealing
from gitops.models import DesiredState, Kustomization, Revision
from projects.operations import leases
from tests import factories

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(forge: Callable[..., Any]) -> Kustomization:
    """A source with a desired state, placed on one cluster."""
    project = factories.project()
    factories.attachment(project, factories.cluster("east"))
    source = factories.source(project)

    def publish() -> None:
        repository = project.git_repositories.get()
        revision = Revision.objects.create(
            git_repository=repository, name="main@sha1:" + "a" * 40, commit="a" * 40
        )
        state = DesiredState.objects.create(
            kustomization=source,
            revision=revision,
            inputs_digest="x",
            digest="x",
            object_count=0,
            renderer="plain",
            objects_gz=sealing.pack([], binding=str(source.uid)),
        )
        Kustomization.objects.filter(pk=source.pk).update(desired_state=state)

    forge(publish)
    propagations.place(source_id=source.pk)
    return source


def test_placement_touches_nothing(placed: Kustomization, forge: Callable[..., Any]) -> None:
    forge(lambda: DesiredState.objects.all().delete())

    propagations.place(source_id=placed.pk)

    assert [row.state for row in Propagation.objects.all()] == [Propagation.State.PENDING]


def test_a_run_does_not_start(placed: Kustomization, forge: Callable[..., Any]) -> None:
    forge(lambda: DesiredState.objects.all().delete())
    leases.beat(worker="one", group="", seconds=30, busy=True)
    (lease,) = propagations.claim(Propagation.objects.all(), worker="one", limit=1)

    with pytest.raises(running.NothingDesired):
        running.run(Propagation.objects.get(), lease=lease)
