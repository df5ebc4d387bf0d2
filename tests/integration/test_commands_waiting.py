"""--wait: what is told while it lasts, how it ends, and attachments, which it also waits for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from federation.management import progress, waiting
from federation.management.errors import Stalled, WaitedInVain
from federation.management.progress import End, Look
from gitops.operations import suspensions
from projects.models import Attachment
from projects.operations import attachments, leases
from tests import factories
from tests.factories import NOW, ROOT
from tests.fakes.command_line import run

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("reason", "again", "end"),
    [("NamespaceNotOurs", None, End.STALLED), ("ClusterUnreachable", NOW, End.OPEN)],
)
def test_an_attachment_stalls_only_when_it_is_not_tried_again(
    reason: str, again: Any, end: End
) -> None:
    attachment = factories.attachment(factories.project("shop"), factories.cluster("east"))
    (lease,) = leases.claim(Attachment.objects.all(), worker="w")
    attachments.failed(lease=lease, reason=reason, message="why", next_attempt_at=again, now=NOW)

    found = progress.of_attachment(actor=ROOT, project_name="shop", cluster_name="east")

    assert (found.end, found.message) == (end, f"east ({reason}: why)")
    assert attachment.namespace_uid == ""


def test_an_attachment_is_done_when_its_namespace_is_there() -> None:
    factories.attachment(factories.project("shop"), factories.cluster("east"))
    (lease,) = leases.claim(Attachment.objects.all(), worker="w")
    attachments.prepared(lease=lease, namespace_uid="u1", now=NOW)

    assert (
        progress.of_attachment(actor=ROOT, project_name="shop", cluster_name="east").end is End.DONE
    )


def test_leaving_is_done_when_the_attachment_is_gone() -> None:
    attachment = factories.attachment(factories.project("shop"), factories.cluster("east"))
    leaving = partial(progress.of_detachment, actor=ROOT, project_name="shop", cluster_name="east")
    before = leaving()

    attachments.detach(attachment=attachment, actor=ROOT, now=NOW)
    (lease,) = leases.claim(Attachment.objects.all(), worker="w")
    attachments.detached(lease=lease, now=NOW)

    assert (before.end, before.message) == (End.OPEN, "the attachment")
    assert leaving().end is End.DONE


def one_after_the_other(*looks: Look) -> Callable[[], Look]:
    """A function that gives the looks in turn, the last one for good."""
    waiting_looks = list(looks)
    return lambda: waiting_looks.pop(0) if len(waiting_looks) > 1 else waiting_looks[0]


def going(**lines: str) -> Look:
    return Look(end=End.OPEN, lines=lines, message="east")


def test_each_change_is_told_once() -> None:
    told: list[str] = []
    looks = one_after_the_other(
        going(east="Pending"),
        going(east="Pending"),
        going(east="Claimed"),
        going(),
        Look(end=End.DONE, lines={"east": "Applied"}),
    )

    waiting.wait(looks, seconds=30, tell=told.append)

    assert [line.partition(" ")[2] for line in told] == [
        "no worker is running; start one with `manage.py worker`",
        "east: Pending",
        "east: Claimed",
        "east: gone",
        "east: Applied",
    ]


def test_a_stall_that_passes_is_waited_through() -> None:
    stalled = Look(end=End.STALLED, message="placement", reason="ComputePlacementFailed")

    seen = waiting.wait(
        one_after_the_other(stalled, going(), stalled, Look(end=End.DONE)), seconds=30, tell=print
    )

    assert seen.end is End.DONE


def test_a_stall_that_stays_ends_it_with_its_reason() -> None:
    stalled = Look(end=End.STALLED, message="east (Failed)", reason="OwnershipConflict")

    with pytest.raises(Stalled, match="east") as raised:
        waiting.wait(one_after_the_other(stalled), seconds=30, tell=print)

    assert raised.value.reason == "OwnershipConflict"


def test_time_that_is_over_says_what_is_missing() -> None:
    with pytest.raises(WaitedInVain, match="after 1 s still missing: east; no worker is running"):
        waiting.wait(one_after_the_other(going()), seconds=1, tell=print)


def test_a_living_worker_is_not_asked_for() -> None:
    leases.beat(worker="w", group="g", seconds=60, busy=False)
    told: list[str] = []

    waiting.wait(one_after_the_other(Look(end=End.DONE)), seconds=1, tell=told.append)

    assert told == []


def test_the_exit_codes_of_waiting_are_3_in_vain_and_1_when_stalled() -> None:
    source = factories.source(factories.project("shop"), "web")
    in_vain = run("source", "sync", "shop", "web", "--wait=1")
    suspensions.suspend(source=source, actor=ROOT, now=NOW)
    stalled = run("source", "sync", "shop", "web", "--wait")

    assert (in_vain.code, stalled.code) == (3, 1)
    assert "still missing: repository" in in_vain.err
    assert "error: the source is suspended by slipway" in stalled.err
    assert "`manage.py source resume`" in stalled.err
