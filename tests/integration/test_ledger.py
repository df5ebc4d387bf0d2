"""The ledger: what a write leaves behind, and that nothing is written beside it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections, transaction

from projects import ledger, signals
from projects.models import AuditEntry, Change, Project
from projects.operations import projects
from tests import factories
from tests.conftest import WriteOutsideOperation

if TYPE_CHECKING:
    from collections.abc import Callable


@ledger.operation()
def _write_and_fail(name: str) -> None:
    ledger.wake("Project", 8)
    factories.project(name)
    raise ValueError("no")


@pytest.mark.django_db
def test_a_write_leaves_an_audit_entry_and_a_change_that_numbers_the_row() -> None:
    project = factories.project("shop")

    entry, change = AuditEntry.objects.get(), Change.objects.get()
    assert (entry.verb, entry.kind, entry.name, entry.via) == ("create", "Project", "shop", "test")
    assert (change.type, change.kind, change.name) == ("ADDED", "Project", "shop")
    project.refresh_from_db()
    assert project.resource_version == change.pk


@pytest.mark.django_db
def test_a_write_outside_an_operation_is_refused_in_tests() -> None:
    project = factories.project("shop")

    with pytest.raises(WriteOutsideOperation):
        Project.objects.filter(pk=project.pk).update(description="by the back door")


@pytest.mark.django_db
def test_an_inner_operation_that_fails_takes_its_entries_with_it() -> None:
    with ledger.operation():
        factories.project("kept")
        with pytest.raises(ValueError, match="no"):
            _write_and_fail("dropped")

    assert [entry.name for entry in AuditEntry.objects.all()] == ["kept"]
    assert [change.name for change in Change.objects.all()] == ["kept"]
    assert ledger.verify() == (1, None)


@pytest.mark.django_db
def test_several_writes_of_one_row_in_one_operation_are_one_change() -> None:
    with ledger.operation():
        project = factories.project("shop")
        projects.update(
            project=project, display_name="Shop", actor=factories.ROOT, now=factories.NOW
        )

    change = Change.objects.get()
    assert (change.type, change.manifest["spec"]["displayName"]) == ("ADDED", "Shop")
    assert AuditEntry.objects.count() == 2


@pytest.mark.django_db
def test_a_changed_audit_entry_breaks_the_chain(forge: Callable[..., Any]) -> None:
    factories.project("one")
    factories.project("two")
    assert ledger.verify() == (2, None)
    second = AuditEntry.objects.order_by("id").last()
    assert second is not None

    forge(lambda: AuditEntry.objects.filter(pk=second.pk).update(actor="somebody else"))

    assert ledger.verify() == (1, second.pk)


@pytest.mark.django_db
def test_a_removed_last_entry_shows(forge: Callable[..., Any]) -> None:
    factories.project("one")
    factories.project("two")

    forge(lambda: AuditEntry.objects.order_by("-id")[0].delete())

    assert ledger.verify() == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_is_sent_once_and_only_after_commit() -> None:
    heard: list[tuple[str, int, bool]] = []

    def listen(*, kind: str, id: int, **_more: Any) -> None:
        heard.append((kind, id, transaction.get_connection().in_atomic_block))

    signals.changed.connect(listen)
    try:
        with ledger.operation():
            ledger.wake("Project", 7)
            ledger.wake("Project", 7)
            assert heard == []
        with pytest.raises(ValueError, match="no"):
            _write_and_fail("shop")
    finally:
        signals.changed.disconnect(listen)

    assert heard == [("Project", 7, False)]


@pytest.mark.django_db(transaction=True)
def test_resource_versions_are_handed_out_in_commit_order() -> None:
    """Two writers at once: whoever commits first has the lower numbers, without gaps seen by a
    reader.
    """
    seen: list[list[int]] = []

    def write(name: str) -> None:
        try:
            for number in range(10):
                factories.project(f"{name}-{number}")
                seen.append(list(Change.objects.order_by("id").values_list("id", flat=True)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # A reader that saw version n never later finds a version below n that it had not seen.
    final = list(Change.objects.order_by("id").values_list("id", flat=True))
    assert len(final) == 20
    for snapshot in seen:
        assert [each for each in final if each <= snapshot[-1]] == snapshot
    assert ledger.verify() == (20, None)


@pytest.mark.django_db
def test_a_checkpoint_of_the_log_shows_a_chain_that_was_made_anew() -> None:
    factories.project("one")
    head = ledger.hub_row().audit_head
    factories.project("two")

    assert ledger.verify(checkpoint=(1, head)) == (2, None)
    assert ledger.verify(checkpoint=(2, head))[1] is not None
    assert ledger.verify(checkpoint=(9, head)) == (2, 0)
