"""Decide what to do on one cluster.

In: the desired manifests (already overridden for this cluster), the inventory of the last pass,
live metadata. Out: a Plan - steps in order, each with its reason. Nothing is fetched and nothing
is done here; whether an applied object really changed is found out later, from what the cluster
answers, in federation.apply.

An unmoved object makes no step that costs a request. Pruning by omission is guarded (never when
nothing is desired, never a great part of the inventory unconfirmed, never kinds that hold other
things); an explicit removal is bound by the choice of kinds only. Rules: fluxcd/pkg ssa, and the
prune rules of docs/architecture.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from federation.engine import drift, order, ownership
from federation.engine.ownership import Policy
from federation.engine.scope import Scope
from projects.kube import manifest as manifests
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from federation.engine.inventory import Entry, Inventory
    from federation.engine.ownership import Owner
    from projects.kube.manifest import Manifest
    from projects.kube.refs import ObjectKey, ObjectRef

# Deleting one of these deletes what it holds: every object of a kind or namespace, or the data.
PROTECTED = frozenset(
    {
        ("", "Namespace"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"),
    }
)
_FEW_DELETIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One object as it should be, and where in the repository it was written."""

    ref: ObjectRef
    manifest: Manifest = field(repr=False)
    digest: str
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where it was written: `web.yaml:12`."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the owner's spec, the project's policy and people's confirmations say about a run.

    remove_protected_kinds and cluster_kinds hold "Kind" or "Kind.group". prune_confirmed is the
    revision for which a person confirmed a large prune. namespaces are allowed besides the
    owner's own.
    """

    revision: str = ""
    adopt: bool = False
    prune: bool = True
    prune_confirmed: str = ""
    removing: bool = False
    orphan: bool = False
    remove_protected_kinds: frozenset[str] = frozenset()
    cluster_kinds: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    full_check: bool = False

    def scope(self, owner: Owner) -> Scope:
        """Where the owner may write: in no namespace without a name, whatever is listed."""
        namespaces = (self.namespaces | {owner.namespace}) - {""}
        return Scope(namespaces=namespaces, cluster_kinds=self.cluster_kinds)


class Verb(StrEnum):
    """What a step does."""

    APPLY = "apply"
    LEAVE = "leave"  # unmoved: no request
    SKIP = "skip"  # an annotation says so
    WAIT = "wait"  # it is being deleted and its name is not free yet
    REFUSE = "refuse"  # it is not ours to write
    DELETE = "delete"
    KEEP = "keep"  # it left the desired state, but stays on the cluster and in the inventory
    RELEASE = "release"  # it stays on the cluster and ceases to be ours
    ABANDON = "abandon"  # as release, but it is not even touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decision about one object.

    repeats: the same digest was applied before, so whatever this apply changes is drift.
    overrides: fields that people added are taken back. existing is the metadata as last seen, if
    it was.
    """

    ref: ObjectRef
    verb: Verb
    message: str = ""
    reason: str = ""
    repeats: bool = False
    overrides: bool = True
    existing: Manifest | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All decisions of a run: applies in order, deletions backwards.

    blocked says why nothing at all may be pruned now; then every deletion has become a keep.
    """

    applies: tuple[Step, ...] = ()
    deletions: tuple[Step, ...] = ()
    blocked: str = ""


def plan(
    *,
    desired: Sequence[Desired],
    inventory: Inventory,
    live: Mapping[ObjectKey, Manifest],
    owner: Owner,
    options: Options,
) -> Plan:
    """Decide every step of a run. live holds what was seen on the cluster, by object key."""
    if options.removing:
        gone = _deletions(tuple(inventory), live=live, owner=owner, options=options)
        return Plan(deletions=gone)
    applies = decide(desired=desired, inventory=inventory, live=live, owner=owner, options=options)
    left = inventory.difference(each.ref for each in desired)
    deletions = _deletions(left, live=live, owner=owner, options=options)
    blocked = _blocked(desired, inventory, deletions, options)
    if blocked:
        deletions = tuple(
            Step(ref=each.ref, verb=Verb.KEEP, message=blocked, reason=Reason.PRUNE_BLOCKED)
            if each.verb is Verb.DELETE
            else each
            for each in deletions
        )
    return Plan(applies=applies, deletions=deletions, blocked=blocked)


def decide(
    *,
    desired: Sequence[Desired],
    inventory: Inventory,
    live: Mapping[ObjectKey, Manifest],
    owner: Owner,
    options: Options,
) -> tuple[Step, ...]:
    """Decide the applying half of a run, in the order of applying."""
    steps = (
        _apply_step(
            each,
            entry=inventory.get(each.ref),
            existing=live.get(each.ref.key),
            owner=owner,
            options=options,
        )
        for each in desired
    )
    return tuple(sorted(steps, key=lambda step: order.key(step.ref)))


def judge_deletion(*, ref: ObjectRef, existing: Manifest, entry: Entry | None, owner: Owner) -> str:
    """Say why an object that is to be deleted is no longer ours to delete; "" when it is.

    Both must hold: it carries our labels now, and it is the object we applied and not a later one
    of its name.
    """
    found = ownership.owner_of(existing)
    if found is None:
        return f"{ref} no longer carries our owner labels"
    if found != owner:
        return f"{ref} was handed over to another owner"
    if entry is not None and entry.confirmed and entry.uid != manifests.uid(existing):
        return f"{ref} was replaced by another object of its name"
    return ""


def named(ref: ObjectRef, kinds: frozenset[str]) -> bool:
    """Tell whether a list of "Kind" or "Kind.group" names the kind of a ref."""
    return ref.kind in kinds or f"{ref.kind}.{ref.group}" in kinds


def _apply_step(
    desired: Desired,
    *,
    entry: Entry | None,
    existing: Manifest | None,
    owner: Owner,
    options: Options,
) -> Step:
    ref, policy = desired.ref, ownership.policy(desired.manifest)
    disabled = ownership.reconcile_disabled(desired.manifest)
    if disabled or ownership.reconcile_disabled(existing):
        return Step(ref=ref, verb=Verb.SKIP, message="reconciling is disabled by annotation")
    if policy is Policy.IGNORE:
        return Step(ref=ref, verb=Verb.SKIP, message="ignored by annotation")
    if policy is Policy.IF_NOT_PRESENT and existing is not None:
        return Step(ref=ref, verb=Verb.SKIP, message="present, and asked to be left so")
    recorded = entry is not None and entry.confirmed
    verdict = ownership.judge(
        existing=existing,
        owner=owner,
        adopt=options.adopt,
        recorded=recorded,
        shared=not ref.namespace,
    )
    if not verdict.granted:
        return Step(ref=ref, verb=Verb.REFUSE, message=verdict.message)
    if existing is not None and manifests.metadata(existing).get("deletionTimestamp"):
        return Step(ref=ref, verb=Verb.WAIT, message="is being deleted; its name is not free yet")
    same = recorded and entry is not None and entry.digest == desired.digest
    if same and entry and existing and drift.unmoved(entry, existing) and not options.full_check:
        return Step(ref=ref, verb=Verb.LEAVE)
    return Step(
        ref=ref,
        verb=Verb.APPLY,
        message=verdict.message,
        repeats=same,
        overrides=policy is Policy.OVERRIDE,
        existing=existing,
    )


def _deletions(
    entries: Sequence[Entry],
    *,
    live: Mapping[ObjectKey, Manifest],
    owner: Owner,
    options: Options,
) -> tuple[Step, ...]:
    scope = options.scope(owner)
    steps = (
        _delete_step(each.ref, existing=live.get(each.ref.key), scope=scope, options=options)
        for each in entries
    )
    return tuple(sorted(steps, key=lambda step: order.key(step.ref), reverse=True))


def _delete_step(
    ref: ObjectRef, *, existing: Manifest | None, scope: Scope, options: Options
) -> Step:
    refusal = scope.refusal(ref, namespaced=bool(ref.namespace))
    if refusal:
        return Step(ref=ref, verb=Verb.KEEP, message=refusal, reason=Reason.SCOPE_VIOLATION)
    if options.removing and options.orphan:
        return Step(ref=ref, verb=Verb.RELEASE, message="left in place")
    # An explicit removal must end with an empty inventory; a run by omission need not.
    kept = Verb.ABANDON if options.removing else Verb.KEEP
    if ownership.prune_disabled(existing):
        message = "pruning is disabled by annotation"
        return Step(ref=ref, verb=kept, message=message, reason=Reason.PRUNE_DISABLED)
    if not options.removing and not options.prune:
        message = "pruning is off for this source"
        return Step(ref=ref, verb=Verb.KEEP, message=message, reason=Reason.PRUNE_DISABLED)
    chosen = options.removing and named(ref, options.remove_protected_kinds)
    if (ref.group, ref.kind) in PROTECTED and not chosen:
        message = f"a {ref.kind} is deleted only when a person chose it"
        return Step(ref=ref, verb=kept, message=message, reason=Reason.PRUNE_PROTECTED)
    return Step(ref=ref, verb=Verb.DELETE, existing=existing)


def _blocked(
    desired: Sequence[Desired],
    inventory: Inventory,
    deletions: Sequence[Step],
    options: Options,
) -> str:
    count = sum(step.verb is Verb.DELETE for step in deletions)
    if not count:
        return ""
    if not desired:
        return "nothing is desired; an empty desired state is never read as delete all"
    most = max(_FEW_DELETIONS, len(inventory) // 2)
    confirmed = bool(options.revision) and options.prune_confirmed == options.revision
    if count <= most or confirmed:
        return ""
    return (
        f"{count} of {len(inventory)} objects would be deleted, more than {most};"
        f" confirm it for {options.revision or 'this revision'}"
    )
