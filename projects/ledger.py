"""Every write ends here: the one transaction, its audit entries, its numbered changes, its
wake-ups.

An operation runs inside `operation()`; the outermost one opens the transaction, and at its end,
still inside it, takes the ordering lock (the Hub row), writes AuditEntries and Changes, and numbers
the rows. So ids are handed out in commit order and the lock is held for a moment only. Wake-ups are
sent after commit.

People's writes give an actor and make both; reconcilers' writes give none and make a Change only.
Nothing here decides whether a write may happen (projects.access does).
"""

from __future__ import annotations

import contextlib
import logging
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from projects import keys, signals
from projects.kube import manifest as manifests
from projects.models import AuditEntry, Change, Hub, ObjectMeta

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from projects.access import Actor


logger = logging.getLogger(__name__)
# How many audit entries lie between two checkpoints in the log.
CHECKPOINT_EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    row: ObjectMeta
    change: Change


@dataclass(slots=True)
class _Book:
    """What the running operation will write at its end."""

    audits: list[AuditEntry] = field(default_factory=list)
    writes: list[_Write] = field(default_factory=list)
    wakes: dict[tuple[str, int], None] = field(default_factory=dict)


_book: ContextVar[_Book | None] = ContextVar("ledger_book", default=None)


def is_open() -> bool:
    """Tell whether an operation is running in this thread; the write guard of the tests asks."""
    return _book.get() is not None


@contextlib.contextmanager
def operation() -> Iterator[None]:
    """Open the one transaction, or join it: a context manager and a decorator."""
    outer = _book.get()
    if outer is not None:
        with _savepoint(outer):
            yield
        return
    book = _Book()
    token = _book.set(book)
    try:
        with transaction.atomic():
            yield
            _write_down(book)
    finally:
        _book.reset(token)
    for kind, pk in book.wakes:
        signals.changed.send(sender=None, kind=kind, id=pk)


@contextlib.contextmanager
def _savepoint(book: _Book) -> Iterator[None]:
    """An inner operation that fails takes its entries with it."""
    audits, writes, wakes = len(book.audits), len(book.writes), dict(book.wakes)
    try:
        with transaction.atomic():
            yield
    except BaseException:
        del book.audits[audits:]
        del book.writes[writes:]
        book.wakes = wakes
        raise


def wake(kind: str, pk: int) -> None:
    """Ask for a wake-up of a row after commit; asking twice wakes once."""
    _current().wakes[(kind, pk)] = None


def changed(
    row: ObjectMeta,
    *,
    type: Change.Type,
    kind: str,
    namespace: str,
    name: str,
    manifest: Mapping[str, Any],
    now: datetime,
) -> None:
    """Note that an object looks different now; the manifest must be masked already."""
    change = Change(
        at=now,
        type=type,
        kind=kind,
        uid=row.uid,
        namespace=namespace,
        name=name,
        manifest=dict(manifest),
    )
    _current().writes.append(_Write(row=row, change=change))


def acted(
    *,
    actor: Actor,
    verb: str,
    kind: str,
    name: str,
    now: datetime,
    uid: Any = None,
    project: str = "",
    details: Mapping[str, Any] | None = None,
    allowed: bool = True,
) -> None:
    """Note who did what, or was not let; details never hold a secret value."""
    _current().audits.append(
        AuditEntry(
            at=now,
            actor=actor.name,
            via=actor.via,
            token_id=actor.token_id,
            source_ip=actor.source_ip,
            request_id=actor.request_id,
            verb=verb,
            kind=kind,
            uid=uid,
            name=name,
            project=project,
            details=dict(details or {}),
            allowed=allowed,
        )
    )


def verify(*, checkpoint: tuple[int, str] | None = None) -> tuple[int, int | None]:
    """Walk the audit chain: (how many entries hold, id of the first that does not or None).

    An id of 0 means that entries are missing at the end. A checkpoint is a count and the head after
    that many entries, from the log: it shows a chain that somebody with the key made anew.
    """
    ring, previous, count = keys.ring(), "", 0
    for entry in AuditEntry.objects.order_by("id").iterator():
        if ring.chain(previous, _entry_bytes(entry)) != entry.link:
            return count, entry.pk
        previous, count = entry.link, count + 1
        if checkpoint is not None and count == checkpoint[0] and previous != checkpoint[1]:
            return count - 1, entry.pk
    if checkpoint is not None and count < checkpoint[0]:
        return count, 0
    hub = hub_row()
    if (hub.audit_count, hub.audit_head) != (count, previous):
        return count, 0
    return count, None


def hub_row() -> Hub:
    """The installation's own row, made on first use."""
    found = Hub.objects.filter(pk=1).first()
    if found is not None:
        return found
    with operation():
        return Hub.objects.get_or_create(pk=1)[0]


def _current() -> _Book:
    book = _book.get()
    if book is None:
        raise RuntimeError("a write outside an operation: wrap it in ledger.operation()")
    return book


def _write_down(book: _Book) -> None:
    if not book.audits and not book.writes:
        return
    Hub.objects.get_or_create(pk=1)
    hub = Hub.objects.select_for_update().get(pk=1)
    if book.audits:
        _chain(hub, book.audits)
    if book.writes:
        _number(book.writes)


def _chain(hub: Hub, audits: list[AuditEntry]) -> None:
    ring, link = keys.ring(), hub.audit_head
    for entry in audits:
        link = entry.link = ring.chain(link, _entry_bytes(entry))
    AuditEntry.objects.bulk_create(audits)
    before, hub.audit_count = hub.audit_count, hub.audit_count + len(audits)
    hub.audit_head = link
    if before // CHECKPOINT_EVERY != hub.audit_count // CHECKPOINT_EVERY:
        logger.info("audit checkpoint %d:%s", hub.audit_count, hub.audit_head)
    hub.save(update_fields=["audit_head", "audit_count"])


def _number(writes: list[_Write]) -> None:
    """Several writes of one row in one transaction are one change: the last, ADDED if the first
    was.
    """
    last: dict[tuple[type[ObjectMeta], Any], _Write] = {}
    for write in writes:
        place = (type(write.row), write.row.uid)
        earlier = last.pop(place, None)
        if (
            earlier is not None
            and earlier.change.type == Change.Type.ADDED
            and write.change.type == "MODIFIED"
        ):
            write.change.type = Change.Type.ADDED
        last[place] = write
    changes = Change.objects.bulk_create([write.change for write in last.values()])
    for write, change in zip(last.values(), changes, strict=True):
        write.row.resource_version = change.pk
        type(write.row)._default_manager.filter(uid=write.row.uid).update(
            resource_version=change.pk
        )


def _entry_bytes(entry: AuditEntry) -> bytes:
    """What a link covers: every column but the id and the link itself, in one canonical form."""
    names = (
        "actor",
        "via",
        "token_id",
        "source_ip",
        "request_id",
        "verb",
        "kind",
        "name",
        "project",
        "allowed",
        "details",
    )
    value = {name: getattr(entry, name) for name in names}
    value["uid"] = str(entry.uid) if entry.uid else ""
    value["at"] = entry.at.isoformat(timespec="microseconds")
    return manifests.canonical(value)
