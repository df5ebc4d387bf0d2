"""Reading a collection page by page."""

from __future__ import annotations

from typing import Any

import pytest

from federation.member import listing
from federation.member.errors import ClusterError, ListExpired

Query = list[tuple[str, str]]


def named(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}}


class Pages:
    """Hands out pages in turn and keeps the queries; an exception is raised."""

    def __init__(self, *pages: dict[str, Any] | Exception) -> None:
        self.waiting = list(pages)
        self.asked: list[dict[str, str]] = []

    def __call__(self, query: Query) -> dict[str, Any]:
        self.asked.append(dict(query))
        page = self.waiting.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def page(*names: str, version: str = "7", more: str = "") -> dict[str, Any]:
    meta = {"resourceVersion": version, **({"continue": more} if more else {})}
    return {"kind": "List", "metadata": meta, "items": [named(name) for name in names]}


def test_pages_become_one_list_of_the_last_version() -> None:
    pages = Pages(page("a", "b", more="t1"), page("c", more="t2"), page("d", version="7"))

    found = listing.read_all(pages, listing.query(selector="x=y", resource_version=""))

    assert [item["metadata"]["name"] for item in found.items] == ["a", "b", "c", "d"]
    assert found.resource_version == "7"
    assert pages.asked == [
        {"limit": "500", "labelSelector": "x=y"},
        {"limit": "500", "labelSelector": "x=y", "continue": "t1"},
        {"limit": "500", "labelSelector": "x=y", "continue": "t2"},
    ]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("", {}),
        ("0", {"resourceVersion": "0"}),
        ("42", {"resourceVersion": "42", "resourceVersionMatch": "NotOlderThan"}),
    ],
)
def test_the_version_chooses_the_consistency(version: str, expected: dict[str, str]) -> None:
    found = dict(listing.query(selector="", resource_version=version))

    assert found == {"limit": "500", **expected}


def test_the_version_is_asked_of_the_first_page_only() -> None:
    pages = Pages(page("a", more="t"), page("b"))

    listing.read_all(pages, listing.query(selector="", resource_version="42"))

    assert pages.asked[1] == {"limit": "500", "continue": "t"}


def test_a_token_that_expired_starts_the_list_again_without_repeating_items() -> None:
    pages = Pages(page("a", more="t"), ListExpired("too old"), page("a"), page("never"))

    found = listing.read_all(pages, listing.query(selector="x=y", resource_version="42"))

    assert [item["metadata"]["name"] for item in found.items] == ["a"]
    assert pages.asked[2] == {"limit": "500", "labelSelector": "x=y"}


def test_a_token_that_expires_twice_is_the_callers_matter() -> None:
    pages = Pages(page("a", more="t"), ListExpired("old"), page("a", more="u"), ListExpired("old"))

    with pytest.raises(ListExpired):
        listing.read_all(pages, [])


@pytest.mark.parametrize(
    "crooked",
    [
        {},
        {"kind": "Pod"},
        {"kind": "PodList", "items": {}},
        {"kind": "PodList", "items": [1]},
        {"kind": "PodList", "items": [{}]},
        {"kind": "PodList", "items": [{"metadata": {"name": 5}}]},
        {"kind": "PodList", "items": [], "metadata": {"continue": 5}},
        {"kind": "PodList", "items": [], "metadata": {"continue": "x" * 20_000}},
    ],
)
def test_what_is_no_list_is_an_error_of_the_cluster(crooked: dict[str, Any]) -> None:
    with pytest.raises(ClusterError):
        listing.read_all(Pages(crooked), [])


def test_an_empty_list_may_be_written_as_null() -> None:
    found = listing.read_all(Pages({"kind": "PodList", "items": None, "metadata": {}}), [])

    assert found.items == ()


def test_pages_without_end_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_MOST_ITEMS", 50)

    def endless(_query: Query) -> dict[str, Any]:
        return page(*"abcdefghij", more="again")

    with pytest.raises(ClusterError, match="more than 50"):
        listing.read_all(endless, [])
