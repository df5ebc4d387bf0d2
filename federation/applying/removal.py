"""Take objects away: delete what left the desired state, or let go of it where it stands.

In: the deleting steps of a plan. Out: the run's tallies. Every object is read right before it is
deleted and deleted by its uid, so that nothing goes that is no longer ours (P3); whether the run
may go on is asked before each one (R-23). The inventory forgets an object only when the cluster
says 404 (P1). What a finalizer holds stays in the inventory, without failing the run (R-15); we
never remove a finalizer of somebody else.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from federation.applying import bringing, failures
from federation.applying.failures import Failure
from federation.applying.wire import FATAL
from federation.engine import drift, order, ownership, plan
from federation.engine.changeset import Action
from federation.engine.plan import Step, Verb
from federation.member.discovery import NoMatchForKind
from federation.member.errors import ObjectNotFound, WriteConflict
from projects import faults
from projects.errors import DomainError
from projects.kube import manifest as manifests
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from federation.applying.observe import Seen
    from federation.applying.run import Run
    from federation.applying.wire import Wire
    from federation.engine.inventory import Entry
    from federation.engine.ownership import Owner
    from projects.kube.manifest import Manifest
    from projects.kube.refs import ObjectRef

CONFIRM_SECONDS = 5.0
_ROUNDS = 3
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_NOT_SERVED = "the cluster no longer serves the kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What a worker thread needs to take one object away."""

    step: Step
    ref: ObjectRef  # in a version the cluster serves
    entry: Entry | None
    owner: Owner
    removing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What became of it: gone (or not ours) with a message, or still going with its metadata."""

    gone: str = ""
    let_go: str = ""
    kept: str = ""
    leaving: Manifest | None = None
    sent: bool = False


def remove(run: Run, steps: Sequence[Step], seen: Seen) -> None:
    """Do the deleting half of a plan, stage by stage backwards.

    Raises: Superseded, PruneFailed, or the error that makes going on useless.
    """
    active = [step for step in steps if step.verb in (Verb.DELETE, Verb.RELEASE)]
    _put_aside(run, [step for step in steps if step not in active])
    failed: list[Failure] = []
    pending = False
    for _, stage in itertools.groupby(active, key=lambda step: order.stage(step.ref)):
        if pending or failed:
            # A definition outlives what it defines: deleting it would delete that by force.
            _hold_back(run, list(stage))
            continue
        run.journal.check()
        failed += _remove_stage(run, list(stage), seen)
        pending = any(step.ref.key in run.survivors for step in active)
    if failed:
        raise failures.prune_failed(failed, attempted=len(active))


def _put_aside(run: Run, steps: Sequence[Step]) -> None:
    """Note what stays: kept in the inventory, or abandoned where it is."""
    for step in steps:
        run.note(step.ref, Action.SKIPPED, step.message)
        if step.verb is Verb.KEEP:
            run.survivors[step.ref.key] = str(step.reason)
    run.forget([step.ref for step in steps if step.verb is Verb.ABANDON])


def _hold_back(run: Run, steps: Sequence[Step]) -> None:
    for step in steps:
        run.note(step.ref, Action.SKIPPED, "waits until what it holds is gone")
        run.survivors[step.ref.key] = Reason.DELETION_PENDING


def _remove_stage(run: Run, steps: Sequence[Step], seen: Seen) -> list[Failure]:
    orders, done = [], []
    failed: list[Failure] = []
    for step in steps:
        ref = seen.served(step.ref)
        if ref is not None:
            orders.append(_order(run, step, ref))
        elif error := seen.refusal(step.ref):
            run.survivors[step.ref.key] = str(error.reason)
            failed.append(Failure(ref=step.ref, error=error))
        else:
            run.note(step.ref, Action.DELETED, _NOT_SERVED)
            done.append(step.ref)
    leaving: list[tuple[_Order, _Answer]] = []
    try:
        for each, answer in run.wire.in_flight(
            orders, lambda each: _take_away(run.wire, each), before=run.journal.check
        ):
            if isinstance(answer, FATAL):
                raise answer
            if isinstance(answer, DomainError):
                failed.append(Failure(ref=each.step.ref, error=answer))
                run.survivors[each.step.ref.key] = str(answer.reason)
            elif answer.leaving is None:
                done += _settle(run, each.step.ref, answer)
            else:
                leaving.append((each, answer))
                _count(run, answer)
        done += _confirm(run, leaving)
    finally:
        # Whatever ends the stage, what is gone is gone.
        run.forget(done)
    return failed


def _order(run: Run, step: Step, ref: ObjectRef) -> _Order:
    return _Order(
        step=step,
        ref=ref,
        entry=run.inventory.get(step.ref),
        owner=run.owner,
        removing=run.options.removing,
    )


def _count(run: Run, answer: _Answer) -> None:
    if answer.sent:
        run.deleted_count += 1
        faults.reach(f"deleted-{run.deleted_count}", run.owner.name)


def _settle(run: Run, ref: ObjectRef, answer: _Answer) -> list[ObjectRef]:
    """Note an object that is gone, let go or kept; return it if the inventory may forget it."""
    if answer.kept:
        run.note(ref, Action.SKIPPED, answer.kept)
        run.survivors[ref.key] = Reason.PRUNE_DISABLED
        return []
    if answer.let_go:
        run.note(ref, Action.SKIPPED, answer.let_go)
    else:
        run.note(ref, Action.DELETED, answer.gone)
    return [ref]


def _take_away(wire: Wire, what: _Order) -> _Answer:
    """Delete or release one object (in a worker thread)."""
    try:
        return _try_to_take_away(wire, what)
    except NoMatchForKind:
        return _Answer(gone=_NOT_SERVED)


def _try_to_take_away(wire: Wire, what: _Order) -> _Answer:
    voice = wire.voice(what.ref.namespace)
    for _ in range(_ROUNDS):
        live = wire.again(partial(voice.get_metadata, what.ref, deadline=wire.deadline))
        if live is None:
            return _Answer(gone="was gone already")
        why_not = plan.judge_deletion(
            ref=what.ref, existing=live, entry=what.entry, owner=what.owner
        )
        if why_not:
            return _Answer(let_go=why_not)
        if what.step.verb is Verb.RELEASE:
            if _release(wire, what.ref, live):
                return _Answer(let_go=what.step.message)
            continue
        if ownership.prune_disabled(live):
            message = "pruning is disabled by annotation"
            return _Answer(let_go=message) if what.removing else _Answer(kept=message)
        if manifests.metadata(live).get("deletionTimestamp"):
            return _Answer(leaving=live)
        uid = manifests.uid(live)
        # False says that this object is gone; what has its name now is judged in the next round.
        if wire.again(partial(voice.delete, what.ref, uid=uid, deadline=wire.deadline)):
            return _Answer(leaving=live, sent=True)
    raise WriteConflict(f"{what.ref} changes faster than it can be deleted", ref=what.ref)


def _release(wire: Wire, ref: ObjectRef, live: Manifest) -> bool:
    """Give up labels and fields of an object and leave it; False when somebody wrote in between."""
    entries = drift.without_ours(drift.managed_fields(live))
    ops = [*bringing.labels_patch(live), *bringing.managed_fields_patch(live, entries)]
    voice = wire.voice(ref.namespace)
    try:
        wire.again(partial(voice.patch_json, ref, ops, deadline=wire.deadline))
    except (WriteConflict, ObjectNotFound):
        return False
    return True


def _confirm(run: Run, leaving: Sequence[tuple[_Order, _Answer]]) -> list[ObjectRef]:
    """Wait a little for 404s; what is still there becomes a survivor."""
    end = time.monotonic() + CONFIRM_SECONDS
    pause = _FIRST_PAUSE
    gone: list[ObjectRef] = []
    while leaving:
        still = []
        for (each, answer), live in _look(run, leaving):
            if live is None or manifests.uid(live) != manifests.uid(answer.leaving or {}):
                run.note(each.step.ref, Action.DELETED)
                gone.append(each.step.ref)
            elif answer.sent and time.monotonic() < end:
                still.append((each, answer))
            else:
                # One that was leaving before this run came is looked at once: it may take for ever.
                run.note(each.step.ref, Action.SKIPPED, _what_holds(live))
                run.survivors[each.step.ref.key] = Reason.DELETION_PENDING
        leaving = still
        if leaving:
            run.wire.sleep(pause)
            pause = min(_LONGEST_PAUSE, 2 * pause)
    return gone


def _look(
    run: Run, leaving: Sequence[tuple[_Order, _Answer]]
) -> Iterator[tuple[tuple[_Order, _Answer], Manifest | None]]:
    """Read every object again."""
    wire = run.wire

    def read(what: tuple[_Order, _Answer]) -> Manifest | None:
        ref = what[0].ref
        voice = wire.voice(ref.namespace)
        return wire.again(partial(voice.get_metadata, ref, deadline=wire.deadline))

    for what, answer in wire.in_flight(leaving, read, before=run.go_on):
        if isinstance(answer, NoMatchForKind):
            yield what, None
        elif isinstance(answer, DomainError):
            raise answer
        else:
            yield what, answer


def _what_holds(live: Manifest) -> str:
    finalizers = manifests.metadata(live).get("finalizers") or ()
    held = ", ".join(map(str, finalizers))
    return f"deletion is pending: held by {held}" if held else "deletion is pending"
