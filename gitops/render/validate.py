"""Whether what was rendered may be applied for a project at all.

In: rendered objects and the project's Scope. Out: the same objects made fit to apply: namespaces
filled in, status and what only a server sets dropped. Or one error that lists every violation with
file and line, so that a commit is mended at once: ManifestInvalid (names, types), LimitExceeded
(sizes), DuplicateObject (R-35), ScopeViolation (S-41, S-42), in this order. Either all objects
pass or none. Scope is judged again before each apply, with the cluster's own discovery
(federation.engine.scope).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops.render import kinds, names
from gitops.render.objects import ManifestInvalid
from gitops.render.values import DEFAULT_LIMITS
from gitops.tree import LimitExceeded
from projects.errors import Cause, Invalid
from projects.kube import manifest as manifests
from projects.kube.conditions import Reason
from projects.kube.masking import printable
from projects.kube.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops.render.values import RenderedObject, RenderLimits

# More than this in one message helps nobody; the causes hold them all.
_SHOWN = 20


class DuplicateObject(Invalid):
    """One object is rendered twice; which one is meant is for the author to say."""

    default_reason = Reason.DUPLICATE_OBJECT


class ScopeViolation(Invalid):
    """A namespace or a cluster-scoped kind the project may not touch."""

    default_reason = Reason.SCOPE_VIOLATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a project may write: its namespace, and cluster-scoped "Kind" or "Kind.group"."""

    namespace: str
    cluster_kinds: frozenset[str] = frozenset()


def check(
    objects: tuple[RenderedObject, ...], *, scope: Scope, limits: RenderLimits = DEFAULT_LIMITS
) -> tuple[RenderedObject, ...]:
    """Judge all objects and return them as they are to be applied.

    Raises: ManifestInvalid, LimitExceeded, DuplicateObject, ScopeViolation.
    """
    if len(objects) > limits.max_objects:
        raise LimitExceeded(f"{len(objects)} objects; the limit is {limits.max_objects}")
    _refuse(ManifestInvalid, [_cause(found, text) for found in objects for text in _wrong(found)])
    cluster_kinds = kinds.cluster_scoped(objects)
    settled = tuple(_settle(found, cluster_kinds, scope) for found in objects)
    _refuse(LimitExceeded, list(_too_large(settled, limits)))
    _refuse(DuplicateObject, list(_duplicates(settled)))
    _refuse(ScopeViolation, list(_violations(settled, cluster_kinds, scope)))
    return settled


def _wrong(found: RenderedObject) -> Iterator[str]:
    yield from names.problems(found.manifest, found.ref)


def _settle(
    found: RenderedObject, cluster_kinds: frozenset[kinds.GroupKind], scope: Scope
) -> RenderedObject:
    """Fill in the namespace (or drop it where a kind has none) and what only servers write."""
    manifest = manifests.without_server_fields(found.manifest)
    if (found.ref.group, found.ref.kind) in cluster_kinds:
        metadata = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
        manifest = {**manifest, "metadata": metadata}
    elif not found.ref.namespace:
        manifest = manifests.with_namespace(manifest, scope.namespace)
    return replace(found, manifest=manifest, ref=ObjectRef.of(manifest))


def _too_large(objects: tuple[RenderedObject, ...], limits: RenderLimits) -> Iterator[Cause]:
    for found in objects:
        size = len(manifests.canonical(found.manifest))
        if size > limits.max_object_bytes:
            yield _cause(found, f"has {size} bytes; the limit is {limits.max_object_bytes}")


def _duplicates(objects: tuple[RenderedObject, ...]) -> Iterator[Cause]:
    first: dict[tuple[str, str, str, str], RenderedObject] = {}
    for found in objects:
        other = first.setdefault(found.ref.key, found)
        if other is not found:
            yield _cause(found, f"is also in {other.where}; keep one")


def _violations(
    objects: tuple[RenderedObject, ...], cluster_kinds: frozenset[kinds.GroupKind], scope: Scope
) -> Iterator[Cause]:
    for found in objects:
        if (found.ref.group, found.ref.kind) in cluster_kinds:
            if not kinds.is_allowed(found.ref, scope.cluster_kinds):
                allowed = ", ".join(sorted(scope.cluster_kinds)) or "none"
                yield _cause(found, f"is cluster-scoped; kinds allowed to this project: {allowed}")
        elif found.ref.namespace != scope.namespace:
            yield _cause(found, f"is outside the project; want namespace {scope.namespace} or none")


def _cause(found: RenderedObject, problem: str) -> Cause:
    message = f"{found.where}: {printable(str(found.ref), 400)} {problem}"
    return Cause(message=message, field=found.where)


def _refuse(kind: type[Invalid], causes: list[Cause]) -> None:
    """Raise one error that tells of all causes, when there are any."""
    if not causes:
        return
    shown = "; ".join(cause.message for cause in causes[:_SHOWN])
    more = f"; and {len(causes) - _SHOWN} more" if len(causes) > _SHOWN else ""
    raise kind(f"{shown}{more}", causes=tuple(causes))
