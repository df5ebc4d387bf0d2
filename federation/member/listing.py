"""Read a whole collection, page by page.

In: a function that gets one page. Out: all items and the resourceVersion they are of. A continue
token that expired while paging (410) starts the list again, once. What comes back is checked for
its shape and bounded in number, since a server could hand out pages for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from federation.member.errors import ClusterError, ListExpired

if TYPE_CHECKING:
    from collections.abc import Callable

    GetPage = Callable[[list[tuple[str, str]]], dict[str, Any]]

PAGE = 500
_MOST_ITEMS = 200_000
_LONGEST_TOKEN = 16 * 1024
# The version belongs to the first page only; the continue token carries it on.
_LASTING = frozenset({"limit", "labelSelector"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectList:
    """Objects of one kind, and the version of the cluster's state that they are."""

    items: tuple[dict[str, Any], ...]
    resource_version: str


# The same shape; the name says that only metadata was asked for.
MetadataList = ObjectList


def query(*, selector: str, resource_version: str) -> list[tuple[str, str]]:
    """Choose the consistency: "" is newest, "0" what is in memory (unpaged), else at least that."""
    found = [("limit", str(PAGE))]
    if selector:
        found.append(("labelSelector", selector))
    if resource_version == "0":
        found.append(("resourceVersion", "0"))
    elif resource_version:
        found += [("resourceVersion", resource_version), ("resourceVersionMatch", "NotOlderThan")]
    return found


def read_all(get_page: GetPage, first: list[tuple[str, str]]) -> ObjectList:
    """Read every page, the first with the query given.

    Raises: ListExpired when it expired twice, ClusterError when the pages are not a list.
    """
    try:
        return _read(get_page, first)
    except ListExpired:
        return _read(get_page, [pair for pair in first if pair[0] in _LASTING])


def _read(get_page: GetPage, first: list[tuple[str, str]]) -> ObjectList:
    items: list[dict[str, Any]] = []
    following = [pair for pair in first if pair[0] in _LASTING]
    page = get_page(first)
    while True:
        items += _items(page)
        if len(items) > _MOST_ITEMS:
            raise ClusterError(f"the cluster lists more than {_MOST_ITEMS} objects of one kind")
        meta = page.get("metadata")
        meta = meta if isinstance(meta, dict) else {}
        token = meta.get("continue") or ""
        if not token:
            return ObjectList(
                items=tuple(items), resource_version=str(meta.get("resourceVersion", ""))
            )
        if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
            raise ClusterError("the cluster's list continues with something that is no token")
        page = get_page([*following, ("continue", token)])


def _items(page: dict[str, Any]) -> list[dict[str, Any]]:
    found = page.get("items")
    if found is None and str(page.get("kind", "")).endswith("List"):
        return []  # Go writes an empty list of some kinds as null
    if not isinstance(found, list) or not all(_is_object(one) for one in found):
        raise ClusterError("the cluster's list is not a list of objects")
    return found


def _is_object(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(meta := value.get("metadata"), dict)
        and isinstance(meta.get("name"), str)
    )
