"""Whether a live object has moved since we applied it, and how to take it back.

In: metadata alone, with managedFields, as a metadata-only LIST or the answer of an apply gives
it. Out: a fingerprint, or a new managedFields list. The fingerprint is over the uid, every entry
of ours, and the entries of people at the keyboard (kubectl*) - not over the resourceVersion,
which every status write moves, and not over other controllers' fields, which are theirs (an
autoscaler's replicas). Subresources are left out: status is not ours.

Taking back is Flux's Override (ssa patchReplaceFieldsManagers): fields that kubectl added become
fields of our own Apply entry, and the next forced apply removes those the desired state does not
have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from federation.engine.ownership import FIELD_MANAGER
from projects.kube import manifest as manifests

if TYPE_CHECKING:
    from federation.engine.inventory import Entry
    from projects.kube.manifest import Manifest

ManagedFields = Sequence[Mapping[str, Any]]
_APPLY = "Apply"


def fingerprint(live: Manifest) -> str:
    """Digest what tells that somebody touched an object of ours."""
    telling = [each for each in managed_fields(live) if _is_ours(each) or _is_by_hand(each)]
    # The server keeps entries sorted, by rules of its own; the digest must not depend on them.
    entries = sorted(manifests.canonical(each) for each in telling)
    whole = b"\n".join((manifests.uid(live).encode(), *entries))
    return hashlib.sha256(whole).hexdigest()


def unmoved(entry: Entry, live: Manifest) -> bool:
    """Tell whether a live object is as it was after our last apply."""
    return entry.uid == manifests.uid(live) and entry.fingerprint == fingerprint(live)


def managed_fields(live: Manifest) -> ManagedFields:
    found = manifests.metadata(live).get("managedFields")
    return found if isinstance(found, list) else []


def take_back(entries: ManagedFields) -> list[dict[str, Any]] | None:
    """Move the fields of people's entries into our Apply entry; None when there are none."""
    taken = [each for each in entries if _is_taken(each)]
    if not taken:
        return None
    own = next((each for each in entries if _is_ours(each) and not _is_taken(each)), None)
    base: Mapping[str, Any] = own or {**taken[0], "manager": FIELD_MANAGER, "operation": _APPLY}
    fields: Mapping[str, Any] = {}
    for each in (base, *taken):
        fields = _union(fields, each.get("fieldsV1") or {})
    kept = [dict(each) for each in entries if each is not own and not _is_taken(each)]
    return [{**base, "fieldsV1": fields}, *kept]


def without_ours(entries: ManagedFields) -> list[dict[str, Any]]:
    """Give up every field of ours; what is left may be set as managedFields.

    One empty entry stands for none: the API server takes an empty list as "leave as it is".
    """
    return [dict(each) for each in entries if not _is_ours(each)] or [{}]


def _is_taken(entry: Mapping[str, Any]) -> bool:
    # An Update of our own name is no apply of ours: somebody borrowed the name.
    borrowed = _is_ours(entry) and entry.get("operation") != _APPLY
    return borrowed or _is_by_hand(entry)


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == FIELD_MANAGER and not entry.get("subresource")


def _is_by_hand(entry: Mapping[str, Any]) -> bool:
    manager = str(entry.get("manager") or "")
    by_hand = manager.startswith("kubectl") or manager == "before-first-apply"
    return by_hand and not entry.get("subresource")


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Unite two fieldsV1 trees: a field is in the union when it is in either."""
    merged = dict(one)
    for key, below in other.items():
        merged[key] = _union(merged.get(key) or {}, below or {})
    return merged
