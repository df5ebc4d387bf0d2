"""See what is on the cluster, with as few requests as there are kinds.

In: desired refs and the inventory. Out: the metadata of live objects by key. One metadata-only
LIST for each kind and namespace, by owner label; where an object is desired that the inventory
does not hold yet, the label is left out, because then it must be known whether somebody else's
object has the name. An object of the inventory that does not show by label has its kind listed
once more without.

A kind we may not list fails by itself (R-05). A kind the cluster no longer serves has no objects
(R-13).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from federation.member.discovery import GroupUnavailable, NoMatchForKind
from federation.member.errors import ClusterError, Forbidden
from projects.errors import DomainError
from projects.kube import manifest as manifests
from projects.kube.refs import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from federation.applying.wire import Wire
    from federation.engine.inventory import Inventory
    from federation.engine.ownership import Owner
    from federation.engine.plan import Desired
    from projects.kube.manifest import Manifest
    from projects.kube.refs import ObjectKey, ObjectRef

Place = tuple[str, str, str]  # group, kind, namespace


@dataclass(slots=True, kw_only=True)
class Seen:
    """What is live, and what could not be seen; filled while asking.

    versions are those under which kinds of the inventory are served now; a kind without one is
    gone.
    """

    live: dict[ObjectKey, Manifest]
    unseen: dict[Place, DomainError]
    versions: dict[tuple[str, str], str]

    def refusal(self, ref: ObjectRef) -> DomainError | None:
        """Why the kind of an object could not be seen."""
        return self.unseen.get(_place(ref))

    def served(self, ref: ObjectRef) -> ObjectRef | None:
        """Speak of an object in a version the cluster serves; None when its kind is gone."""
        version = self.versions.get((ref.group, ref.kind))
        return replace(ref, version=version) if version else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    gvk: GroupVersionKind
    namespace: str
    selector: str


def observe(wire: Wire, *, owner: Owner, desired: Sequence[Desired], inventory: Inventory) -> Seen:
    """List the metadata of every kind of desired objects and of the inventory.

    Raises: whatever is not about one kind alone.
    """
    wanted = [each.ref for each in desired]
    left = [each.ref for each in inventory.difference(wanted)]
    versions, unseen = _served_versions(wire, left)
    versions |= {_kind(ref): ref.version for ref in wanted}
    seen = Seen(live={}, unseen=unseen, versions=versions)
    places = dict.fromkeys(_place(ref) for ref in (*wanted, *left))
    new = {_place(ref) for ref in wanted if not _recorded(inventory, ref)}
    _ask_all(wire, places.keys() - new, seen, selector=owner.selector)
    # Not found by label: deleted, or its labels were, or they name another owner now.
    lost = {_place(ref) for ref in wanted if ref.key not in seen.live} - unseen.keys()
    _ask_all(wire, new | lost, seen, selector="")
    needed = {_kind(ref) for ref in wanted}
    if gone := sorted(needed - versions.keys()):
        raise ClusterError(f"the cluster ceased to serve {gone[0][1]} during the run")
    return seen


def _ask_all(wire: Wire, places: Collection[Place], seen: Seen, *, selector: str) -> None:
    """Ask for the kinds of places, and put the answers into seen."""
    questions = [
        _Question(
            gvk=GroupVersionKind(group=place[0], version=seen.versions[place[:2]], kind=place[1]),
            namespace=place[2],
            selector=selector,
        )
        for place in sorted(places)
        if place[:2] in seen.versions
    ]
    for question, answer in wire.in_flight(
        questions, lambda each: _ask(wire, each), before=lambda: None
    ):
        kind = (question.gvk.group, question.gvk.kind)
        if isinstance(answer, Forbidden):
            seen.unseen[*kind, question.namespace] = answer
        elif isinstance(answer, NoMatchForKind):
            seen.versions.pop(kind, None)
        elif isinstance(answer, DomainError):
            raise answer
        else:
            seen.live.update(answer)


def _ask(wire: Wire, question: _Question) -> dict[ObjectKey, Manifest]:
    """Ask for one kind in one namespace; the items of such a list do not say their kind."""
    found = wire.again(
        partial(
            wire.voice(question.namespace).list_metadata,
            question.gvk,
            namespace=question.namespace,
            selector=question.selector,
            deadline=wire.deadline,
        )
    )
    named = ((manifests.metadata(each), each) for each in found.items)
    return {
        (
            question.gvk.group,
            question.gvk.kind,
            str(meta.get("namespace") or ""),
            meta["name"],
        ): each
        for meta, each in named
    }


def _served_versions(
    wire: Wire, refs: Sequence[ObjectRef]
) -> tuple[dict[tuple[str, str], str], dict[Place, DomainError]]:
    """Find a served version for the kinds of the inventory; one that is gone has none."""
    discovery = wire.again(partial(wire.client.discovery, deadline=wire.deadline))
    if any(not discovery.versions(group=ref.group, kind=ref.kind) for ref in refs):
        discovery = wire.again(partial(wire.client.refresh_discovery, deadline=wire.deadline))
    versions: dict[tuple[str, str], str] = {}
    unseen: dict[Place, DomainError] = {}
    for ref in refs:
        try:
            discovery.resource(ref.gvk)
        except NoMatchForKind as error:
            for served in error.served[:1]:
                versions[_kind(ref)] = GroupVersionKind.parse(served, ref.kind).version
        except GroupUnavailable as error:
            unseen[_place(ref)] = error
        else:
            versions[_kind(ref)] = ref.version
    return versions, unseen


def _recorded(inventory: Inventory, ref: ObjectRef) -> bool:
    entry = inventory.get(ref)
    return entry is not None and entry.confirmed


def _kind(ref: ObjectRef) -> tuple[str, str]:
    return (ref.group, ref.kind)


def _place(ref: ObjectRef) -> Place:
    return (ref.group, ref.kind, ref.namespace)
