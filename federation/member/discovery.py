"""Which kinds a cluster serves, and under which resource name.

In: discovery documents as the API server gives them, aggregated (one document for many groups) or
legacy (one APIResourceList for each group version). Out: a Discovery, asked by kind. A group
version whose own server is down is not the same as one that is gone: asking for its kinds is
Unavailable, never NoMatchForKind, because the latter counts as proof that objects of the kind
cannot exist (security.md R-13).

The documents come from another system: entries that are not well formed are left out. Fetching is
catalog.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from projects.errors import NotFound, Unavailable
from projects.kube.conditions import Reason
from projects.kube.refs import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# A resource name and a version become path segments of our requests.
_SEGMENT = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,252}")

GroupVersion = tuple[str, str]


class NoMatchForKind(NotFound):
    """The cluster does not serve the kind in that version; `served` are the versions it does."""

    default_reason = Reason.NO_MATCH_FOR_KIND

    def __init__(self, gvk: GroupVersionKind, served: tuple[str, ...]) -> None:
        instead = f"; it serves {', '.join(served)}" if served else ""
        super().__init__(f"the cluster does not serve {gvk}{instead}")
        self.gvk = gvk
        self.served = served


class GroupUnavailable(Unavailable):
    """The cluster knows the group version, but whoever serves it does not answer just now."""

    default_reason = Reason.CLUSTER_ERROR


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Resource:
    """One resource of the API: `name` is the plural in its path."""

    name: str
    gvk: GroupVersionKind
    namespaced: bool
    verbs: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path of the group version, which names and namespaces follow."""
        root = "/apis" if self.gvk.group else "/api"
        return f"{root}/{self.gvk.api_version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a cluster serves, as of one moment."""

    by_kind: Mapping[GroupVersionKind, Resource] = field(default_factory=dict)
    stale: frozenset[GroupVersion] = frozenset()

    @classmethod
    def parse(cls, *documents: Any, stale: Iterable[GroupVersion] = ()) -> Discovery:
        """Read any mixture of APIGroupDiscoveryList and APIResourceList documents."""
        found: dict[GroupVersionKind, Resource] = {}
        missing = set(stale)
        for document in documents:
            if not isinstance(document, dict):
                continue
            for entry in _entries(document):
                if isinstance(entry, Resource):
                    # One kind under two names happens; the one that can be applied to is meant.
                    other = found.get(entry.gvk)
                    if other is None or ("patch" in entry.verbs and "patch" not in other.verbs):
                        found[entry.gvk] = entry
                else:
                    missing.add(entry)
        return cls(by_kind=found, stale=frozenset(missing))

    def resource(self, gvk: GroupVersionKind) -> Resource:
        """Find the resource of a kind.

        Raises: NoMatchForKind; GroupUnavailable when that cannot be told now.
        """
        found = self.by_kind.get(gvk)
        if found is not None:
            return found
        served = self.versions(group=gvk.group, kind=gvk.kind)
        # A kind that is in no version now may well be in the one that cannot be asked.
        silent = (gvk.group, gvk.version) in self.stale
        if silent or (not served and any(group == gvk.group for group, _ in self.stale)):
            raise GroupUnavailable(
                f"{gvk.group} does not answer now, so {gvk} may be served or not"
            )
        raise NoMatchForKind(gvk, served)

    def resources(self) -> tuple[Resource, ...]:
        """Everything served, in a stable order."""
        return tuple(sorted(self.by_kind.values()))

    def versions(self, *, group: str, kind: str) -> tuple[str, ...]:
        """The apiVersions under which a kind is served."""
        return tuple(
            sorted(
                gvk.api_version for gvk in self.by_kind if (gvk.group, gvk.kind) == (group, kind)
            )
        )


def legacy_versions(document: Any) -> Iterator[GroupVersion]:
    """Go through the group versions of an APIVersions or APIGroupList document."""
    if not isinstance(document, dict):
        return
    if document.get("kind") == "APIVersions":
        yield from (("", version) for version in _list(document, "versions") if _segment(version))
    for group in _dicts(document, "groups"):
        for version in _dicts(group, "versions"):
            if _segment(group.get("name")) and _segment(version.get("version")):
                yield (group["name"], version["version"])


def _entries(document: dict[str, Any]) -> Iterator[Resource | GroupVersion]:
    if document.get("kind") == "APIResourceList":
        yield from _legacy(document)
    elif document.get("kind") == "APIGroupDiscoveryList":
        for group in _dicts(document, "items"):
            metadata = group.get("metadata")
            name = metadata.get("name", "") if isinstance(metadata, dict) else ""
            if name == "" or _segment(name):
                yield from _aggregated(group, name)


def _aggregated(group: dict[str, Any], name: str) -> Iterator[Resource | GroupVersion]:
    for version in _dicts(group, "versions"):
        number = version.get("version")
        if not _segment(number):
            continue
        if version.get("freshness") == "Stale":
            yield (name, str(number))
        for one in _dicts(version, "resources"):
            answered = one.get("responseKind")
            kind = answered.get("kind") if isinstance(answered, dict) else None
            scope = one.get("scope")
            if scope in ("Namespaced", "Cluster"):
                yield from _resource(
                    name, number, kind, one.get("resource"), scope == "Namespaced", one
                )


def _legacy(document: dict[str, Any]) -> Iterator[Resource]:
    gvk = GroupVersionKind.parse(str(document.get("groupVersion", "")), "")
    if not _segment(gvk.version) or not (gvk.group == "" or _segment(gvk.group)):
        return
    for one in _dicts(document, "resources"):
        if isinstance(one.get("namespaced"), bool):
            yield from _resource(
                gvk.group, gvk.version, one.get("kind"), one.get("name"), one["namespaced"], one
            )


def _resource(
    group: str, version: Any, kind: Any, name: Any, namespaced: bool, entry: dict[str, Any]
) -> Iterator[Resource]:
    """Make one resource; subresources ("pods/status") are no segment and so fall out."""
    if not _segment(name) or not isinstance(kind, str) or not _KIND.fullmatch(kind):
        return
    verbs = tuple(sorted(verb for verb in _list(entry, "verbs") if isinstance(verb, str)))
    gvk = GroupVersionKind(group=group, version=version, kind=kind)
    yield Resource(name=name, gvk=gvk, namespaced=namespaced, verbs=verbs)


def _segment(value: Any) -> bool:
    return isinstance(value, str) and _SEGMENT.fullmatch(value) is not None


def _list(mapping: dict[str, Any], key: str) -> list[Any]:
    value = mapping.get(key)
    return value if isinstance(value, list) else []


def _dicts(mapping: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    return (one for one in _list(mapping, key) if isinstance(one, dict))
