"""Bring desired objects to the cluster: server-side apply, wave by wave.

In: the applying steps of a plan. Out: the run's tallies. There is no GET and no dry-run before an
apply; whether anything changed is read from its answer. Fields that people added with kubectl are
first made ours, so that the apply takes them away (Flux's Override); the answer of the apply is
looked at again, for objects whose metadata was not seen before. One object that fails does not
stop its stage, but no later stage begins.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from federation.engine import drift, order, ownership
from federation.engine.changeset import Action
from federation.engine.inventory import Entry
from federation.engine.plan import Step, Verb
from federation.member.errors import ObjectNotFound, Terminating, WriteConflict
from projects import faults
from projects.errors import DomainError
from projects.kube import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from federation.applying.run import Run
    from federation.applying.wire import Wire
    from projects.kube.manifest import Manifest
    from projects.kube.refs import ObjectRef

# Somebody may write between our looking and our patching; after this many times we let it stand.
_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What a worker thread needs to bring one object."""

    step: Step
    manifest: Mapping[str, Any]


def bring(run: Run, steps: Sequence[Step]) -> None:
    """Apply the steps of one stage and write down what came of them.

    Raises: Superseded, DeadlineExceeded, or the error that makes going on useless.
    """
    run.journal.check()
    try:
        for _, wave in itertools.groupby(steps, key=lambda step: order.wave(step.ref)):
            _bring_wave(run, list(wave))
    finally:
        # Whatever ends the stage, what was applied was applied.
        run.write()


def _bring_wave(run: Run, steps: Iterable[Step]) -> None:
    orders = []
    for step in steps:
        if error := run.unseen.get(step.ref.key):
            run.fail(step.ref, error)
            continue
        match step.verb:
            case Verb.LEAVE:
                run.note(step.ref, Action.UNCHANGED)
            case Verb.SKIP:
                run.note(step.ref, Action.SKIPPED, step.message)
            case Verb.WAIT:
                run.fail(step.ref, Terminating(f"{step.ref} {step.message}", ref=step.ref))
            case _:
                desired = run.desired[step.ref.key]
                clean = manifests.without_server_fields(desired.manifest)
                labelled = manifests.with_labels(clean, run.owner.labels)
                orders.append(_Order(step=step, manifest=labelled))
    done = run.wire.in_flight(orders, lambda each: _apply(run.wire, each), before=run.go_on)
    for each, answer in done:
        if isinstance(answer, DomainError):
            run.fail(each.step.ref, answer)
        else:
            _applied(run, each.step, answer)


def _applied(run: Run, step: Step, live: Manifest) -> None:
    """Write down one answer (in the calling thread)."""
    run.applied_count += 1
    faults.reach(f"applied-{run.applied_count}", run.owner.name)
    old = run.inventory.get(step.ref)
    action = _action(step, live, old)
    run.note(step.ref, action, step.message)
    if step.repeats and action is not Action.UNCHANGED:
        run.drifted.append(step.ref)
    run.record(
        Entry(
            ref=step.ref,
            uid=manifests.uid(live),
            digest=run.desired[step.ref.key].digest,
            fingerprint=drift.fingerprint(live),
            resource_version=_resource_version(live),
        )
    )


def _action(step: Step, live: Manifest, old: Entry | None) -> Action:
    """Tell from the answer what the apply did."""
    before = step.existing
    # An object that lost its labels is not in a LIST by label; its uid tells that it was there.
    known = manifests.uid(before) if before is not None else old.uid if old else ""
    if known != manifests.uid(live):
        return Action.CREATED
    if before is None:
        return Action.CONFIGURED
    same_version = _resource_version(before) == _resource_version(live)
    # A controller may have written the status in between, which moves the version and is not ours.
    untouched = step.repeats and drift.fingerprint(before) == drift.fingerprint(live)
    return Action.UNCHANGED if same_version or untouched else Action.CONFIGURED


def _apply(wire: Wire, what: _Order) -> Manifest:
    """Apply one object (in a worker thread)."""
    step, before = what.step, what.step.existing
    voice = wire.voice(step.ref.namespace)
    call = partial(voice.apply, what.manifest, force=True, deadline=wire.deadline)
    if step.overrides and before is not None:
        _take_back(wire, step.ref, before)
    after = wire.again(call)
    # What was not seen before (an object without our labels, a write just now) shows in the answer.
    for _ in range(_ROUNDS):
        if not step.overrides or drift.take_back(drift.managed_fields(after)) is None:
            break
        _take_back(wire, step.ref, after)
        after = wire.again(call)
    return after


def _take_back(wire: Wire, ref: ObjectRef, live: Manifest) -> None:
    """Make the fields that people added ours, unless somebody writes all the time."""
    voice = wire.voice(ref.namespace)
    seen: Manifest | None = live
    for _ in range(_ROUNDS):
        taken = drift.take_back(drift.managed_fields(seen)) if seen is not None else None
        if seen is None or taken is None:
            return
        ops = managed_fields_patch(seen, taken)
        try:
            wire.again(partial(voice.patch_json, ref, ops, deadline=wire.deadline))
        except WriteConflict:
            seen = wire.again(partial(voice.get_metadata, ref, deadline=wire.deadline))
        except ObjectNotFound:
            return
        else:
            return


def managed_fields_patch(live: Manifest, entries: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Replace managedFields, if the object is still the one that was read.

    Replacing the resourceVersion by itself makes the server compare it: 409 instead of the 422 of
    a `test` that fails, which could as well be a refusal of the rest.
    """
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": list(entries)},
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": _resource_version(live),
        },
    ]


def labels_patch(live: Manifest) -> list[Any]:
    """Remove our labels."""
    ours = (ownership.HUB_LABEL, ownership.OWNER_LABEL)
    return [
        {"op": "remove", "path": f"/metadata/labels/{label.replace('/', '~1')}"}
        for label in ours
        if label in manifests.labels(live)
    ]


def _resource_version(live: Manifest) -> str:
    return str(manifests.metadata(live).get("resourceVersion") or "")
