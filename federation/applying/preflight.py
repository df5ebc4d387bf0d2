"""Judge every desired object against what the cluster serves, before the first write.

In: desired objects, discovery. Out: the same objects with the scope the cluster gives their kind,
in two parts: those whose kind is served, and those whose kind a definition in the same set will
bring. Objects of unknown kinds and objects out of scope refuse the whole run, each named with its
file (security.md S-41, R-13). Discovery is asked anew once, when a kind is missing from what was
known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from federation.applying import failures
from federation.applying.failures import Failure
from federation.engine.scope import Scope, ScopeViolation
from federation.member.discovery import NoMatchForKind
from federation.member.errors import Rejected
from projects.kube.refs import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from federation.applying.wire import Wire
    from federation.engine.plan import Desired
    from federation.member.discovery import Discovery
    from projects.kube.refs import ObjectRef

_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_VERBS_NEEDED = frozenset({"patch", "list"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Desired objects by when their kind can be used; late maps each kind to its definition."""

    known: tuple[Desired, ...] = ()
    late: tuple[Desired, ...] = ()
    definitions: Mapping[GroupVersionKind, ObjectRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Definition:
    ref: ObjectRef
    namespaced: bool


def resolve(wire: Wire, desired: Sequence[Desired], *, scope: Scope) -> Resolved:
    """Sort desired objects into known and late kinds.

    Raises: NotFound (NoMatchForKind) or Invalid (ScopeViolation, Rejected), naming every object.
    """
    defined = _definitions(desired)
    discovery = wire.again(partial(wire.client.discovery, deadline=wire.deadline))
    if any(not _served(discovery, each.ref.gvk) for each in desired):
        discovery = wire.again(partial(wire.client.refresh_discovery, deadline=wire.deadline))
    known, late, failed = [], [], []
    for each in desired:
        gvk = each.ref.gvk
        try:
            if gvk in defined and not _served(discovery, gvk):
                late.append(_scoped(each, namespaced=defined[gvk].namespaced, scope=scope))
            else:
                known.append(_judged(each, discovery, scope))
        except (NoMatchForKind, ScopeViolation, Rejected) as error:
            failed.append(Failure(ref=each.ref, error=error, place=each.place))
    if failed:
        raise failures.gather(failed, attempted=len(desired))
    definitions = {each.ref.gvk: defined[each.ref.gvk].ref for each in late}
    return Resolved(known=tuple(known), late=tuple(late), definitions=definitions)


def judge_late(
    discovery: Discovery, late: Iterable[Desired], *, scope: Scope
) -> tuple[Desired, ...]:
    """Judge objects again whose kind has come to be served: what discovery says counts.

    Raises: NoMatchForKind, ScopeViolation, Rejected.
    """
    return tuple(_judged(each, discovery, scope) for each in late)


def _judged(desired: Desired, discovery: Discovery, scope: Scope) -> Desired:
    resource = discovery.resource(desired.ref.gvk)
    lacking = sorted(_VERBS_NEEDED - set(resource.verbs))
    if lacking:
        message = (
            f"{desired.ref}: the cluster does not allow to {', '.join(lacking)} {resource.name}"
        )
        raise Rejected(message, ref=desired.ref)
    return _scoped(desired, namespaced=resource.namespaced, scope=scope)


def _scoped(desired: Desired, *, namespaced: bool, scope: Scope) -> Desired:
    refusal = scope.refusal(desired.ref, namespaced=namespaced)
    if refusal:
        raise ScopeViolation(f"{desired.ref}: {refusal}", ref=desired.ref)
    return desired if namespaced else _without_namespace(desired)


def _without_namespace(desired: Desired) -> Desired:
    """Drop a namespace that means nothing, so that ref and object have one key."""
    if not desired.ref.namespace:
        return desired
    metadata = {
        key: value for key, value in desired.manifest["metadata"].items() if key != "namespace"
    }
    manifest = {**desired.manifest, "metadata": metadata}
    return replace(desired, ref=replace(desired.ref, namespace=""), manifest=manifest)


def _served(discovery: Discovery, gvk: GroupVersionKind) -> bool:
    """Tell whether a kind is served; one whose server does not answer is an error, not a no.

    Raises: GroupUnavailable.
    """
    try:
        discovery.resource(gvk)
    except NoMatchForKind:
        return False
    return True


def _definitions(desired: Iterable[Desired]) -> dict[GroupVersionKind, _Definition]:
    """Read which kinds the CustomResourceDefinitions of a set will serve."""
    found: dict[GroupVersionKind, _Definition] = {}
    for each in desired:
        if (each.ref.group, each.ref.kind) != _CRD:
            continue
        spec = _mapping(each.manifest.get("spec"))
        kind = _mapping(spec.get("names")).get("kind")
        definition = _Definition(
            ref=replace(each.ref, namespace=""), namespaced=spec.get("scope") == "Namespaced"
        )
        for version in spec.get("versions") or ():
            gvk = GroupVersionKind(
                group=str(spec.get("group")),
                version=str(_mapping(version).get("name")),
                kind=str(kind),
            )
            found[gvk] = definition
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
